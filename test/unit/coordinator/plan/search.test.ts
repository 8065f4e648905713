import assert from 'node:assert/strict';
import fc from 'fast-check';
import { foldableCuts, isInside, wholeModel, type Cut } from '../../../../coordinator/plan/fold.ts';
import { nestStages, type StageGroup } from '../../../../coordinator/plan/search.ts';
import { CostModel, type StageSpan } from '../../../../coordinator/plan/stage-cost.ts';
import { anyUNet } from '../../../support/unet-profile.ts';

type Penalty = (span: StageSpan, group: StageGroup) => number;

/** The oracle: the worst stage of the best nesting, found by trying every one. */
function tryEverything(
  outer: Cut,
  cuts: readonly Cut[],
  groups: readonly StageGroup[],
  penaltyOf: Penalty,
): number {
  const [inners, rest] = groups.length === 1 ? [[null], 0] : [cuts.filter((cut) => isInside(cut, outer)), 1];
  let best = Infinity;
  for (const inner of inners) {
    for (const group of groups) {
      const own = penaltyOf({ outer, inner }, group);
      const others = groups.filter((other) => other !== group);
      const inside = rest === 0 || inner === null ? -Infinity : tryEverything(inner, cuts, others, penaltyOf);
      best = Math.min(best, Math.max(own, inside));
    }
  }
  return best;
}

describe('search for cuts', () => {
  it('finds a nesting as good as the best of all', () => {
    const anyGroup = fc.record({
      memoryBytes: fc.constantFrom(3e8, 4e8, 6e8),
      flopsPerSecond: fc.constantFrom(1e11, 2e11),
    });
    const anyGroups = fc.array(anyGroup, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyUNet(4), anyGroups, (profile, groups) => {
        const costs = new CostModel(profile, { trainedFraction: 0.1, numInFlight: 3 });
        const penaltyOf: Penalty = (span, group) => {
          const { flops, peakBytes } = costs.costOf(span);
          return peakBytes <= group.memoryBytes ? flops / group.flopsPerSecond : Infinity;
        };
        const cuts = foldableCuts(profile);
        const found = nestStages(wholeModel(profile), cuts, groups, penaltyOf);
        const best = tryEverything(wholeModel(profile), cuts, groups, penaltyOf);
        const worst =
          found === null ? Infinity : Math.max(...found.map(({ span, group }) => penaltyOf(span, group)));
        assert.equal(worst, best);
        if (found === null) return;
        assert.deepEqual(
          new Set(found.map(({ group }) => group)),
          new Set(groups),
          'each group holds one stage',
        );
      }),
    );
  });
});
