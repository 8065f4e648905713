import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  checkpointFolder,
  newestCheckpoint,
  pruneCheckpoints,
  stageFileName,
  writeManifest,
} from '../../../coordinator/checkpoint-manifest.ts';
import { sha256Hex } from '../../../shared/digest.ts';
import { saraError } from '../../support/sara-error.ts';

const BASE = 'a'.repeat(64);
const STAGE_BYTES = 40;

describe('checkpoint manifest', () => {
  let runFolder: string;
  beforeEach(async () => {
    runFolder = await mkdtemp(join(tmpdir(), 'sara-checkpoints-'));
  });
  afterEach(() => rm(runFolder, { recursive: true }));

  /** Stage files of two stages; without a manifest the checkpoint is torn. */
  async function save(step: number, isWhole = true): Promise<string> {
    const folder = await checkpointFolder(runFolder, step);
    const stages = [0, 1].map((stage) => ({
      file: stageFileName(stage),
      sizeBytes: STAGE_BYTES,
      digest: sha256Hex(Buffer.alloc(STAGE_BYTES, step)),
      maskDigest: 'ab',
    }));
    for (const { file } of stages) await writeFile(join(folder, file), Buffer.alloc(STAGE_BYTES, step));
    if (isWhole)
      await writeManifest(folder, {
        run: 'r',
        step,
        baseHash: BASE,
        threshold: 0.25,
        numReselections: 1,
        stages,
      });
    return folder;
  }

  async function newest(): Promise<{ step: number | null; skipped: Record<string, string> }> {
    const skipped: Record<string, string> = {};
    const found = await newestCheckpoint(
      runFolder,
      BASE,
      (folder, reason) => (skipped[basename(folder)] = reason),
    );
    return { step: found?.step ?? null, skipped };
  }

  const kept = async (): Promise<string[]> => (await readdir(join(runFolder, 'checkpoints'))).sort();

  it('gives the newest whole checkpoint with the paths of its stage files', async () => {
    assert.deepEqual(await newest(), { step: null, skipped: {} });
    await save(2);
    const folder = await save(10);
    const found = await newestCheckpoint(runFolder, BASE, () => assert.fail());
    assert.deepEqual(
      { ...found },
      {
        ...{ run: 'r', step: 10, baseHash: BASE, threshold: 0.25, numReselections: 1, folder },
        ...{ format: 'sara-checkpoint', formatVersion: 2 },
        stages: [0, 1].map((i) => ({
          file: `stage-${i}.safetensors`,
          sizeBytes: STAGE_BYTES,
          digest: sha256Hex(Buffer.alloc(STAGE_BYTES, 10)),
          maskDigest: 'ab',
        })),
        files: [0, 1].map((i) => join(folder, `stage-${i}.safetensors`)),
      },
    );
  });

  it('passes over torn checkpoints, saying what is wrong with each, and takes the one before', async () => {
    await save(1);
    const shortened = await save(2);
    await truncate(join(shortened, 'stage-1.safetensors'), STAGE_BYTES - 1);
    const missing = await save(3);
    await rm(join(missing, 'stage-0.safetensors'));
    const garbled = await save(4);
    await truncate(join(garbled, 'manifest.json'), 20);
    const foreign = await save(5);
    await writeFile(join(foreign, 'manifest.json'), '{"format": "other"}');
    await save(6, false);

    const { step, skipped } = await newest();
    assert.equal(step, 1);
    assert.match(skipped['step-00000002'], /stage-1\.safetensors has 39 bytes, the manifest says 40/);
    assert.match(skipped['step-00000003'], /stage-0\.safetensors has 0 bytes/);
    assert.match(skipped['step-00000004'], /not JSON/);
    assert.match(skipped['step-00000005'], /format/);
    assert.match(skipped['step-00000006'], /no manifest/);
  });

  it('passes over one of whose files a single bit was turned, its size unchanged', async () => {
    await save(1);
    const folder = await save(2);
    const file = join(folder, stageFileName(1));
    const bytes = await readFile(file);
    bytes[17] ^= 4;
    await writeFile(file, bytes);
    const { step, skipped } = await newest();
    assert.equal(step, 1);
    assert.match(skipped['step-00000002'], /stage-1\.safetensors has SHA-256 .* it was damaged/);
  });

  it('lets no manifest lead out of its folder', async () => {
    const folder = await save(1);
    const stages = [
      { file: '../../../secret.safetensors', sizeBytes: 1, digest: 'a'.repeat(64), maskDigest: 'ab' },
    ];
    await writeManifest(folder, {
      run: 'r',
      step: 1,
      baseHash: BASE,
      threshold: null,
      numReselections: 0,
      stages,
    });
    assert.equal((await newest()).step, null);
  });

  it('refuses a checkpoint of another base model by name', async () => {
    await save(1);
    await assert.rejects(
      newestCheckpoint(runFolder, 'b'.repeat(64), () => assert.fail()),
      saraError('ADAPTER_MISMATCH'),
    );
  });

  it('keeps the newest whole ones; a torn one pushes none of them out', async () => {
    for (const step of [1, 2, 3]) await save(step);
    await save(9, false); // of an earlier life that got further
    await save(4);
    await pruneCheckpoints(runFolder, 2);
    assert.deepEqual(await kept(), ['step-00000003', 'step-00000004']);
    await writeFile(join(runFolder, 'checkpoints', 'notes.txt'), 'mine');
    await pruneCheckpoints(runFolder, 1);
    assert.deepEqual(await kept(), ['notes.txt', 'step-00000004']);
  });

  it('is torn again from the moment it is written anew', async () => {
    await save(1);
    await save(2);
    await checkpointFolder(runFolder, 2);
    assert.equal((await newest()).step, 1);
  });
});
