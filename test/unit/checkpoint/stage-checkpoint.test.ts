import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SafetensorsFile, writeSafetensors } from '../../../shared/safetensors.ts';
import { floatTensor, intTensor, type Tensor } from '../../../shared/tensor.ts';
import {
  readCheckpoint,
  writeCheckpoint,
  type StageCheckpoint,
} from '../../../worker/checkpoint/stage-checkpoint.ts';
import { zeroMoments } from '../../../worker/optim/adamw.ts';
import { reselect } from '../../../worker/sara/reselect.ts';
import { SparseMask } from '../../../worker/sara/mask.ts';
import { TrainableState } from '../../../worker/sara/trainable-state.ts';
import { someNumbers } from '../../support/numbers.ts';
import { saraError } from '../../support/sara-error.ts';
import { trainedState } from '../../support/trained-state.ts';

const BASE_HASH = 'a'.repeat(64);
const STEP = 7;
const THETA = 0.5;
const everything = { baseHash: BASE_HASH, owns: () => true };

describe('stage checkpoint', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-stage-checkpoint-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const path = (name: string): string => join(folder, name);

  async function write(
    name: string,
    checkpoint: Partial<StageCheckpoint> & { state: TrainableState },
  ): Promise<string> {
    await writeCheckpoint(path(name), { average: null, step: STEP, ...checkpoint }, { baseHash: BASE_HASH });
    return path(name);
  }

  function requireSame(got: TrainableState, want: TrainableState): void {
    assert.equal(got.initialMask.digest, want.initialMask.digest);
    assert.equal(got.activeMask.digest, want.activeMask.digest);
    assert.deepEqual(got.values, want.values);
    assert.deepEqual(got.moments, want.moments);
    assert.equal(got.numReselections, want.numReselections);
  }

  /** About half of its entries are below THETA. */
  const state = (): TrainableState => trainedState([...someNumbers(20, 1)]);

  it('gives back what was written: values with their signs, moments, average and step', async () => {
    const average = someNumbers(20, 2);
    const file = await write('whole', { state: state(), average });
    const read = await readCheckpoint([file], everything);
    requireSame(read.state, state());
    assert.deepEqual(read.average, average);
    assert.equal(read.step, STEP);
  });

  it('gives back a narrowed state, with a tensor of which nothing trains any more', async () => {
    const halfGrown = trainedState([
      ...someNumbers(10, 3).map((x) => x / 4),
      ...someNumbers(10, 4).map(() => 0.9),
    ]);
    const narrowed = reselect(halfGrown, THETA).state;
    assert.equal(narrowed.activeMask.get('b'), undefined);
    const { state: read } = await readCheckpoint([await write('narrowed', { state: narrowed })], everything);
    requireSame(read, narrowed);
  });

  it('gives back a state of whole tensors, which needs no indices', async () => {
    const mask = SparseMask.of([{ name: 'w', shape: [2, 3], indices: null }]);
    const full = new TrainableState({
      initialMask: mask,
      values: someNumbers(6, 5),
      activeMask: mask,
      moments: zeroMoments(6),
      numReselections: 0,
    });
    const file = await write('full', { state: full });
    requireSame((await readCheckpoint([file], everything)).state, full);
    const stored = await SafetensorsFile.open(file);
    assert.deepEqual([...stored.entries.keys()].sort(), ['w.first', 'w.second', 'w.values']);
    await stored.close();
  });

  it('gives each stage its own tensors, however they were shared before', async () => {
    const whole = reselect(state(), THETA).state;
    const average = someNumbers(20, 2);
    const parts = ['a', 'b'].map((own) => {
      const shard = whole.shard((name) => name === own);
      const entry = whole.initialMask.get(own) ?? assert.fail(own);
      return { own, shard, average: average.slice(entry.offset, entry.offset + entry.count) };
    });
    const files = await Promise.all(
      parts.map((part) => write(part.own, { state: part.shard, average: part.average })),
    );
    const merged = await readCheckpoint(files, everything);
    requireSame(merged.state, whole);
    assert.deepEqual(merged.average, average);
    for (const { own, shard, average: ownAverage } of parts) {
      const read = await readCheckpoint(files, { baseHash: BASE_HASH, owns: (name) => name === own });
      requireSame(read.state, shard);
      assert.deepEqual(read.average, ownAverage);
    }
  });

  it('of a stage without a trained entry is an empty one, and joins others', async () => {
    const none = state().shard(() => false);
    const average = someNumbers(20, 2);
    const files = [await write('none', { state: none }), await write('all', { state: state(), average })];
    const read = await readCheckpoint(files, everything);
    requireSame(read.state, state());
    assert.deepEqual(read.average, average);
  });

  describe('is refused', () => {
    let file: string;
    beforeEach(async () => {
      file = await write('good', { state: state() });
    });

    const refused = (files: readonly string[], ...expected: Parameters<typeof saraError>): Promise<void> =>
      assert.rejects(readCheckpoint(files, everything), saraError(...expected));

    /** The good file with other metadata or tensors. */
    async function altered(change: {
      metadata?: (entries: Map<string, string>) => void;
      tensors?: (tensors: Map<string, Tensor>) => void;
    }): Promise<string> {
      const good = await SafetensorsFile.open(file);
      const metadata = new Map(good.metadata);
      const tensors = new Map<string, Tensor>();
      for (const name of good.entries.keys()) tensors.set(name, await good.read(name));
      await good.close();
      change.metadata?.(metadata);
      change.tensors?.(tensors);
      const sources = Array.from(tensors, ([name, tensor]) => ({ name, tensor }));
      await writeSafetensors(path('bad'), sources, Object.fromEntries(metadata));
      return path('bad');
    }

    it('when it was made from another base model', async () => {
      await assert.rejects(
        readCheckpoint([file], { baseHash: 'b'.repeat(64), owns: () => true }),
        saraError('ADAPTER_MISMATCH', /another base|made from base model a+/),
      );
    });

    it('when it is cut short at any place', async () => {
      const { length } = await readFile(file);
      for (const size of [0, 4, 100, length - 1]) {
        await copyFile(file, path('short'));
        await truncate(path('short'), size);
        await refused([path('short')], 'FILE_CORRUPT', /short/);
      }
    });

    it('when it is no checkpoint, or one of another version', async () => {
      await refused(
        [await altered({ metadata: (entries) => entries.delete('format') })],
        'FILE_CORRUPT',
        /format/,
      );
      await refused(
        [await altered({ metadata: (entries) => entries.set('format_version', '2') })],
        'FILE_CORRUPT',
        /2/,
      );
      await writeFile(path('text'), 'step: 7\n');
      await refused([path('text')], 'FILE_CORRUPT', /text/);
      await refused([path('nowhere')], 'FILE_NOT_FOUND', /nowhere/);
    });

    it('when its indices are not those its digest was made of', async () => {
      const moveFirst = (tensors: Map<string, Tensor>): void => {
        (tensors.get('a.indices')?.data as Uint32Array)[0] -= 1;
      };
      await refused([await altered({ tensors: moveFirst })], 'FILE_CORRUPT', /initial_mask_digest/);
      const descending = (tensors: Map<string, Tensor>): void => {
        (tensors.get('a.indices')?.data as Uint32Array).reverse();
      };
      await refused([await altered({ tensors: descending })], 'FILE_CORRUPT', /mask of a/);
    });

    it('when values, moments or shapes do not fit the indices, or are of another type', async () => {
      for (const name of ['a.values', 'b.first', 'b.second']) {
        const shorten = (tensors: Map<string, Tensor>) => tensors.set(name, floatTensor([3]));
        await refused([await altered({ tensors: shorten })], 'FILE_CORRUPT', new RegExp(name));
        const remove = (tensors: Map<string, Tensor>) => tensors.delete(name);
        await refused([await altered({ tensors: remove })], 'FILE_CORRUPT', new RegExp(`${name} is missing`));
        const retype = (tensors: Map<string, Tensor>) =>
          tensors.set(name, intTensor([10], new Int32Array(10)));
        await refused([await altered({ tensors: retype })], 'FILE_CORRUPT', new RegExp(`${name} is int32`));
      }
      for (const shapes of ['{', '{"a": [-1]}', '{"a": [2], "b": [2]}', '[]', 'null'])
        await refused(
          [await altered({ metadata: (entries) => entries.set('shapes', shapes) })],
          'FILE_CORRUPT',
        );
    });

    it('when its numbers of steps and re-selections are none', async () => {
      for (const field of ['step', 'num_reselections']) {
        for (const value of ['', '-1', '1.5', 'seven', '1e99'])
          await refused(
            [await altered({ metadata: (entries) => entries.set(field, value) })],
            'FILE_CORRUPT',
            new RegExp(field),
          );
      }
    });

    it('when its files are of different steps', async () => {
      const [a, b] = ['a', 'b'].map((own) => state().shard((name) => name === own));
      const files = [await write('a', { state: a, step: 3 }), await write('b', { state: b, step: 4 })];
      await refused(files, 'STATE_CONFLICT', /3 and 4/);
    });
  });
});
