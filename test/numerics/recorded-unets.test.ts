/** Four UNets of PyTorch and diffusers: output, loss and the gradient of every parameter, odd sizes included. */
import assert from 'node:assert/strict';
import { describePerEngine } from '../support/engines.ts';
import { GRADIENT_TOLERANCE, LOSS_TOLERANCE, OUTPUT_TOLERANCE, replayUNet } from '../support/replay/unet.ts';

/** Has every kind of layer but pooled text. */
const SMALLEST = 'unet-pixel';

describePerEngine('the recorded UNets', (engine, { isSlow }) => {
  for (const { name, numGradients, inputs } of [
    { name: 'unet-sd1', numGradients: 688, inputs: ['', 'odd.'] },
    { name: 'unet-sd2', numGradients: 686, inputs: [''] },
    { name: 'unet-sdxl', numGradients: 840, inputs: [''] },
    { name: 'unet-pixel', numGradients: 248, inputs: [''] },
  ]) {
    if (isSlow && name !== SMALLEST) {
      it.skip(`${name} is left to faster engines; this one runs ${SMALLEST}`);
      continue;
    }
    it(`${name}: output within ${OUTPUT_TOLERANCE}, loss within ${LOSS_TOLERANCE}, ${numGradients} gradients within ${GRADIENT_TOLERANCE}`, async () => {
      const comparisons = await replayUNet(`test/golden/${name}`, engine);
      comparisons.assertPassed();
      const { output, gradients, zeroGradients } = Object.fromEntries(comparisons.quantities);
      assert.deepEqual([...output.errors.keys()].sort(), inputs);
      assert.equal(gradients.errors.size, numGradients);
      assert.equal(zeroGradients, undefined, 'no recorded gradient is a zero');
    });
  }
});
