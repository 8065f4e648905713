/** The autoencoder against values recorded with diffusers. */
import assert from 'node:assert/strict';
import { describePerEngine } from '../support/engines.ts';
import { replayVae, VAE_TOLERANCE } from '../support/replay/vae.ts';

describePerEngine('AutoencoderKL, against diffusers', (engine) => {
  it(`gives the recorded posterior and picture within ${VAE_TOLERANCE}`, async () => {
    const comparisons = await replayVae('test/golden/vae', engine);
    comparisons.assertPassed();
    assert.deepEqual(
      [...(comparisons.quantities.get('output')?.errors.keys() ?? [])],
      ['mean', 'logvar', 'decoded'],
    );
  });
});
