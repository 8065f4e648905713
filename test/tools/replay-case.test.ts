/** The replay tool as a user calls it: exit codes, JSON on stdout, reasons on stderr. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors } from '../../shared/safetensors.ts';
import { floatTensor } from '../../shared/tensor.ts';

interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function replayCase(...args: string[]): Promise<ToolResult> {
  const command = ['--import', 'tsx', 'test/tools/replay-case.ts', ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, (_, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? NaN, stdout, stderr });
    });
  });
}

interface Report {
  readonly kind: string;
  readonly engine: string;
  readonly device: string;
  readonly passed: boolean;
  readonly output: {
    readonly error: number;
    readonly at: string;
    readonly tolerance: number;
    readonly count: number;
  };
  readonly loss: { readonly error: number };
  readonly gradients: { readonly error: number; readonly count: number };
  readonly every?: { readonly gradients: Readonly<Record<string, number>> };
}

describe('replay-case', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-replay-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('prints the largest errors of a recorded UNet and exits with 0', async () => {
    const { exitCode, stdout, stderr } = await replayCase('test/golden/unet-pixel', '--every');
    assert.equal(exitCode, 0, stderr);
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.kind, 'unet');
    assert.equal(report.passed, true);
    assert.ok(report.output.error < 1e-4 && report.loss.error < 1e-5 && report.gradients.error < 1e-3);
    const every = Object.values(report.every?.gradients ?? {});
    assert.equal(every.length, report.gradients.count);
    assert.equal(Math.max(...every), report.gradients.error);
  });

  it('replays on tfjs, on the backend it is told or the best there is', async () => {
    const told = await replayCase('test/golden/clip-l', '--engine', 'tfjs', '--backend', 'wasm');
    assert.equal(told.exitCode, 0, told.stderr);
    const report = JSON.parse(told.stdout) as Report;
    assert.deepEqual([report.passed, report.engine, report.device], [true, 'tfjs', 'tfjs wasm']);
    assert.ok(report.output.error > 0 && report.output.error < 1e-4);
    const best = await replayCase('test/golden/clip-l', '--engine', 'tfjs');
    assert.equal(best.exitCode, 0, best.stderr);
    assert.match((JSON.parse(best.stdout) as Report).device, /^tfjs (node-gpu|node|wasm)/);
  });

  it('exits with 1 when the recording says something else, and names where', async () => {
    await cp('test/golden/clip-l', folder, { recursive: true });
    const io = await SafetensorsFile.open('test/golden/clip-l/io.safetensors');
    const tensors = await Promise.all(
      [...io.entries.keys()].map(async (name) => ({ name, tensor: await io.read(name) })),
    );
    await io.close();
    const changed = tensors.map(({ name, tensor }) =>
      name === 'penultimate' ? { name, tensor: floatTensor(tensor.shape) } : { name, tensor },
    );
    await rm(join(folder, 'io.safetensors'));
    await writeSafetensors(join(folder, 'io.safetensors'), changed);
    const { exitCode, stdout } = await replayCase(folder);
    assert.equal(exitCode, 1);
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.passed, false);
    assert.equal(report.output.at, 'penultimate');
  });

  it('refuses a folder that holds no recording, and one that is not there', async () => {
    await writeFile(join(folder, 'notes.txt'), 'nothing');
    const empty = await replayCase(folder);
    assert.equal(empty.exitCode, 65);
    assert.match(empty.stderr, /DATA_INVALID: .* holds no recording of a known form.*found notes\.txt/);
    const missing = await replayCase(join(folder, 'missing'));
    assert.equal(missing.exitCode, 66);
    assert.match(missing.stderr, /FILE_NOT_FOUND/);
  });

  it('refuses by name what is not implemented yet, and a wrong command line with its usage', async () => {
    for (const kind of ['lora']) {
      const { exitCode, stderr } = await replayCase(`test/golden/${kind}`);
      assert.equal(exitCode, 65);
      assert.match(stderr, new RegExp(`MODEL_UNSUPPORTED: .* of kind ${kind}`));
    }
    for (const [options, reason] of [
      [['--provider', 'abacus'], /unknown provider abacus/],
      [['--engine', 'tfjs', '--provider', 'webgpu'], /--provider webgpu is for --engine onnx; use --backend/],
    ] as const) {
      const { exitCode, stderr } = await replayCase('test/golden/unet-pixel', ...options);
      assert.equal(exitCode, 64);
      assert.match(stderr, reason);
      assert.match(stderr, /usage: replay-case\.ts DIR/);
    }
  });
});
