import assert from 'node:assert/strict';
import type { Engine, Executable } from '../../../worker/engine/engine.ts';
import { Graph } from '../../../worker/engine/graph.ts';
import { partition } from '../../../worker/engine/partition.ts';
import { WeightStore } from '../../../worker/engine/weight-store.ts';
import { SegmentPrograms } from '../../../worker/stage/segment-programs.ts';

const SIZES = [
  { height: 8, width: 8 },
  { height: 4, width: 16 },
  { height: 16, width: 4 },
];

/** Compiles nothing, and knows which of its programs are alive. */
class CountingEngine implements Engine {
  readonly name = 'onnx';
  readonly device = 'none';
  readonly readsHostMemory = true;
  readonly alive = new Set<number>();
  numCompiled = 0;

  compile(): Promise<Executable> {
    const id = this.numCompiled++;
    this.alive.add(id);
    const dispose = (): Promise<void> => {
      this.alive.delete(id);
      return Promise.resolve();
    };
    return Promise.resolve({ run: () => Promise.reject(new Error('nothing is run here')), dispose });
  }
}

const graph = new Graph();
const value = graph.inBlock('block', () => graph.affine(graph.input('sample', [2]), 2));
graph.output(
  'loss',
  graph.inBlock('block', () => graph.mean(value)),
);
const [segment] = partition(graph, 1, () => 0);

describe('programs of segments', () => {
  it('are one for each size and pass, compiled once', async () => {
    const engine = new CountingEngine();
    const programs = new SegmentPrograms(engine, new WeightStore(), new Map());
    for (const size of [...SIZES, ...SIZES]) {
      await programs.get(segment, size, 'evaluate');
      assert.equal(
        await programs.get(segment, size, 'forward'),
        await programs.get(segment, size, 'evaluate'),
      );
    }
    assert.equal(engine.numCompiled, SIZES.length);
    await programs.dispose();
    assert.equal(engine.alive.size, 0);
  });

  it('are no more than allowed: the one used longest ago goes, and comes back when it is asked for', async () => {
    const engine = new CountingEngine();
    const programs = new SegmentPrograms(engine, new WeightStore(), new Map(), 1, 2);
    const [a, b, c] = SIZES;
    const first = await programs.get(segment, a, 'forward');
    await programs.get(segment, b, 'forward');
    assert.equal(await programs.get(segment, a, 'forward'), first);
    await programs.get(segment, c, 'forward');
    assert.deepEqual([...engine.alive], [0, 2], 'b was used longest ago');
    assert.equal(await programs.get(segment, a, 'forward'), first);
    await programs.get(segment, b, 'forward');
    assert.deepEqual([...engine.alive], [0, 3]);
    await programs.dispose();
  });
});
