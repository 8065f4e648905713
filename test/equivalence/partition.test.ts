/** A UNet cut into segments is the UNet: same loss, same gradients, whatever the cut; compact gradients are dense ones gathered. */
import assert from 'node:assert/strict';
import { WeightFiles } from '../../shared/safetensors.ts';
import { numElements, type Tensor } from '../../shared/tensor.ts';
import { differentiate } from '../../worker/engine/autodiff.ts';
import type { Graph } from '../../worker/engine/graph.ts';
import { createOnnxEngine } from '../../worker/engine/onnx/onnx-engine.ts';
import { LOSS, partition, type Segment } from '../../worker/engine/partition.ts';
import { WeightStore } from '../../worker/engine/weight-store.ts';
import { norm, relativeError, someNumbers } from '../support/numbers.ts';
import { recordedTraining, runSegments, type StepResult } from '../support/recorded-training.ts';
import { evenSegments } from '../support/replay/segments.ts';

/** The same float32 sums, fused and ordered otherwise by the runtime. */
const LOSS_TOLERANCE = 1e-6;
const ALL_GRADIENTS_TOLERANCE = 1e-5;
/** One parameter's alone; the smallest have a millionth of the largest's norm and as many digits less. */
const EACH_GRADIENT_TOLERANCE = 1e-4;
const NUM_SEGMENTS = [1, 2, 3, 5];

const engine = createOnnxEngine({ provider: 'cpu', numThreads: 2 });

/** Loss and dense gradients from one graph that was never cut. */
async function runWhole(
  graph: Graph,
  weights: WeightStore,
  feed: Readonly<Record<string, Tensor>>,
): Promise<StepResult> {
  const loss = graph.outputs.get(LOSS) ?? assert.fail();
  const gradients = differentiate(
    graph,
    new Map([[loss, graph.constant([], Float32Array.of(1))]]),
    graph.weights.values(),
  );
  for (const [name, value] of graph.weights) graph.output(name, gradients.get(value) ?? assert.fail());
  const executable = await engine.compile(graph, weights);
  const got = await executable.run(feed);
  await executable.dispose();
  const results = [...graph.weights.keys()].map((name) => [name, got[name].data as Float32Array] as const);
  return { loss: got[LOSS].data[0] as number, gradients: new Map(results) };
}

function compare(got: StepResult, want: StepResult): void {
  assert.ok(relativeError([got.loss], [want.loss]) < LOSS_TOLERANCE, `loss ${got.loss} for ${want.loss}`);
  assert.deepEqual([...got.gradients.keys()].sort(), [...want.gradients.keys()].sort());
  let squaredDistance = 0;
  for (const [name, expected] of want.gradients) {
    const gradient = got.gradients.get(name) ?? assert.fail();
    const error = expected.length === 0 ? gradient.length : relativeError(gradient, expected, 0);
    assert.ok(error < EACH_GRADIENT_TOLERANCE, `gradient of ${name}: ${error}`);
    squaredDistance += (error * norm(expected)) ** 2;
  }
  const all = Math.sqrt(squaredDistance) / norm([...want.gradients.values()].map(norm));
  assert.ok(all < ALL_GRADIENTS_TOLERANCE, `all gradients together: ${all}`);
}

describe('a UNet cut into segments', () => {
  for (const name of ['unet-sd1', 'unet-pixel']) {
    describe(name, () => {
      const folder = `test/golden/${name}`;
      let weights: WeightStore;
      let feed: Readonly<Record<string, Tensor>>;
      let whole: StepResult;
      let cut: (numSegments: number) => Segment[];
      before(async () => {
        const files = await WeightFiles.open(`${folder}/unet`, 'diffusion_pytorch_model');
        weights = WeightStore.frozen(files.entries.values());
        await files.close();
        const recorded = await recordedTraining(folder);
        feed = recorded.feed;
        cut = (numSegments) =>
          partition(recorded.graph, numSegments, evenSegments(recorded.graph, numSegments));
        whole = await runWhole((await recordedTraining(folder)).graph, weights, feed);
      });

      for (const numSegments of NUM_SEGMENTS) {
        it(`gives in ${numSegments} the loss and the gradients of the whole`, async () => {
          const everyWeight = new Map([...whole.gradients.keys()].map((weight) => [weight, null]));
          compare(await runSegments(engine, cut(numSegments), weights, everyWeight, feed), whole);
        });
      }

      it('gives compact gradients that are the dense ones gathered', async () => {
        const masks = new Map(
          [...whole.gradients].map(([weight, { length }]) => [weight, aboutAThird(length)]),
        );
        masks.set('conv_in.weight', new Int32Array(0)); // what a re-selection that releases a whole tensor leaves
        for (const [weight, indices] of masks) weights.setGradientIndices(weight, indices);
        const numSelected = new Map([...masks].map(([weight, { length }]) => [weight, length]));
        const gathered = [...masks].map(([weight, indices]) => {
          const dense = whole.gradients.get(weight) ?? assert.fail();
          return [weight, Float32Array.from(indices, (at) => dense[at])] as const;
        });
        const got = await runSegments(engine, cut(2), weights, numSelected, feed);
        compare(got, { loss: whole.loss, gradients: new Map(gathered) });
      });

      it('reads each parameter in one segment, and names every frame once', () => {
        const segments = cut(5);
        const weightNames = segments.flatMap((segment) => segment.weightNames);
        assert.deepEqual(weightNames.sort(), [...whole.gradients.keys()].sort());
        const frames = segments.flatMap((segment) => segment.framesOut);
        assert.equal(new Set(frames.map((frame) => frame.name)).size, frames.length);
        for (const { name: frame, producer, consumers, shape } of frames) {
          assert.ok(consumers.length > 0 && consumers.every((consumer) => consumer > producer), frame);
          assert.ok(numElements(shape) > 0);
          for (const consumer of consumers) {
            assert.ok(segments[consumer].framesIn.some((incoming) => incoming.name === frame));
          }
        }
      });
    });
  }
});

/** About a third of the entries, ascending and at no fixed stride. */
function aboutAThird(length: number): Int32Array {
  const draws = someNumbers(length, length);
  return Int32Array.from(draws.keys()).filter((i) => draws[i] < -1 / 3);
}
