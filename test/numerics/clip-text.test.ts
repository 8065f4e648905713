/** The CLIP text encoder against values recorded with transformers. */
import assert from 'node:assert/strict';
import { describePerEngine } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';
import { encodeRecordedText, replayClipText, TEXT_STATE_TOLERANCE } from '../support/replay/clip-text.ts';

/** The same arithmetic in another order. */
const ROUNDING_TOLERANCE = 1e-6;

describePerEngine('CLIP text encoder, against transformers', (engine) => {
  for (const folder of ['test/golden/clip-l', 'test/golden/clip-g']) {
    it(`gives the recorded states of ${folder} within ${TEXT_STATE_TOLERANCE}`, async () => {
      const comparisons = await replayClipText(folder, engine);
      comparisons.assertPassed();
      assert.equal(comparisons.quantities.get('output')?.errors.size, 3);
    });
  }

  it('shifts both hidden states by clipSkip and leaves the pooled one alone', async () => {
    const folder = 'test/golden/clip-l';
    const whole = await encodeRecordedText(folder, engine);
    const skipped = await encodeRecordedText(folder, engine, 1);
    const error = relativeError(skipped.pooled, whole.pooled);
    assert.ok(error < ROUNDING_TOLERANCE, `pooled: ${error}`);
    assert.ok(relativeError(skipped.lastHiddenState, whole.lastHiddenState) > 1e-2);
    assert.ok(relativeError(skipped.penultimate, whole.penultimate) > 1e-2);
  });
});
