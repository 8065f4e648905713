import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crossingEdges, foldableCuts, indexEdges } from '../../../../coordinator/plan/fold.ts';
import type { ModelProfile } from '../../../../shared/stage-protocol.ts';
import { anyUNet, sketchProfile } from '../../../support/unet-profile.ts';

/** Main path in, main path out, time embedding. */
const UNAVOIDABLE = 3;

describe('fold', () => {
  it('pairs encoder cuts with the decoder cuts at which no skip is torn', () => {
    // 0 time, 1 enc_0, 2 enc_1, 3 enc_2, 4 mid_0, 5 dec_2, 6 dec_1, 7 dec_0
    const profile = sketchProfile({ encoder: [1, 1, 1], middle: [1], decoder: [1, 1, 1] });
    const twinsOf = (encoder: number): number[] =>
      foldableCuts(profile)
        .filter((cut) => cut.encoder === encoder)
        .map(({ decoder }) => decoder);
    // A tensor that goes in along the main path may be read inside as a skip too, hence the second twins; and one
    // encoder block alone may be the inside, for its skip leaves it along the main path.
    assert.deepEqual(twinsOf(2), [3, 7]);
    assert.deepEqual(twinsOf(3), [4, 6, 7]);
    assert.deepEqual(twinsOf(4), [5, 6]);
  });

  it('finds in any UNet only cuts that nothing but the main path and the time embedding cross', () => {
    fc.assert(
      fc.property(anyUNet(6), (profile) => {
        const edges = indexEdges(profile);
        const cuts = foldableCuts(profile);
        assert.ok(cuts.length > 0);
        for (const cut of cuts) {
          assert.ok(crossingEdges(edges, cut).length <= UNAVOIDABLE, JSON.stringify(cut));
        }
      }),
    );
  });

  it('accepts a model without skips, where every pair of cuts is a fold', () => {
    const { blocks } = sketchProfile({ encoder: [1, 1], middle: [1], decoder: [] });
    const names = blocks.slice(1).map(({ name }) => name);
    const chain: ModelProfile = {
      ...sketchProfile({ encoder: [1, 1], middle: [1], decoder: [] }),
      blocks: blocks.slice(1),
      edges: names.slice(1).map((to, i) => ({ from: names[i], to: [to], sizeBytes: 4 })),
    };
    assert.deepEqual(foldableCuts(chain), [{ encoder: 1, decoder: 2 }]);
  });
});
