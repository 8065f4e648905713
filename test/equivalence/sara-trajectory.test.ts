/**
 * Six recorded SaRA steps of the PyTorch oracle, replayed through real stages: selection, loss, rank term,
 * clipping, AdamW and re-selection, on one and on several segments and stages, with weights in place and scattered.
 */
import assert from 'node:assert/strict';
import type { WeightMode } from '../../worker/stage/trainable-weights.ts';
import { describePerEngine } from '../support/engines.ts';
import { LOSS_TOLERANCE, replaySara, VALUES_TOLERANCE } from '../support/replay/sara.ts';

const FOLDER = 'test/golden/sara';
const NUM_STEPS = 6;

interface Layout {
  readonly title: string;
  readonly stageOfSegment: readonly number[];
  readonly weightMode: WeightMode;
}

const LAYOUTS: readonly Layout[] = [
  { title: 'one stage, weights written in place', stageOfSegment: [0], weightMode: 'in-place' },
  { title: 'one stage, weights scattered by the graph', stageOfSegment: [0], weightMode: 'scatter' },
  { title: 'one stage of three segments', stageOfSegment: [0, 0, 0], weightMode: 'in-place' },
  { title: 'two stages, folded', stageOfSegment: [0, 1, 0], weightMode: 'in-place' },
];

describePerEngine('the recorded SaRA trajectory', (engine, { isSlow }) => {
  if (isSlow) {
    it.skip('is left to faster engines');
    return;
  }

  for (const { title, stageOfSegment, weightMode } of LAYOUTS) {
    it(`is followed by ${title}: losses within ${LOSS_TOLERANCE}, values within ${VALUES_TOLERANCE}, masks equal`, async () => {
      const comparisons = await replaySara(FOLDER, { engine, stageOfSegment, weightMode });
      comparisons.assertPassed();
      const { loss, trainableCount, maskDigest } = Object.fromEntries(comparisons.quantities);
      assert.equal(loss.errors.size, NUM_STEPS);
      assert.equal(trainableCount.errors.size, NUM_STEPS);
      // Two stages hold a mask each; the recorded digest covers the whole.
      if (!stageOfSegment.includes(1)) assert.equal(maskDigest.errors.size, NUM_STEPS);
    });
  }
});
