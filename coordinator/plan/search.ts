/**
 * The best way to nest cuts for a given number of stages: dynamic programming over (cut, workers left).
 *
 * The stages are chosen from the outside in. What the inner stages cost at best depends only on the cut they lie
 * in and on which workers are left; workers that are alike count as one class, so equal workers add no states.
 * Exact for "the worst stage is as good as possible"; a test compares it with trying everything.
 */
import { isInside, type Cut } from './fold.ts';
import type { StageSpan } from './stage-cost.ts';

/** Workers that hold one stage, one for each replica: as strong as the weakest of them. */
export interface StageGroup {
  readonly memoryBytes: number;
  readonly flopsPerSecond: number;
}

export interface NestedStage<G extends StageGroup> {
  readonly span: StageSpan;
  readonly group: G;
}

/**
 * @param groups one for each stage
 * @param penaltyOf how bad a stage is on a group; Infinity: impossible
 * @returns the stages, outermost first, whose worst penalty is least; null when every nesting is impossible.
 *   Ties: the earlier cut and the earlier group, so that equal input gives equal plans.
 */
export function nestStages<G extends StageGroup>(
  whole: Cut,
  cuts: readonly Cut[],
  groups: readonly G[],
  penaltyOf: (span: StageSpan, group: G) => number,
): NestedStage<G>[] | null {
  interface Solution {
    readonly worst: number;
    readonly stages: readonly NestedStage<G>[];
  }
  // Of each class the first one left is taken, so the classes left say which of the groups are left.
  const known = new Map<string, Solution>();
  const { worst, stages } = solve(whole, groups);
  return worst === Infinity ? null : [...stages];

  function solve(outer: Cut, left: readonly G[]): Solution {
    const key = `${outer.encoder}:${outer.decoder}:${left.map(classKey).join(',')}`;
    let solution = known.get(key);
    if (solution === undefined) known.set(key, (solution = solveAnew(outer, left)));
    return solution;
  }

  function solveAnew(outer: Cut, left: readonly G[]): Solution {
    let best: Solution = { worst: Infinity, stages: [] };
    const inners = left.length === 1 ? [null] : cuts.filter((cut) => isInside(cut, outer));
    for (const inner of inners) {
      for (const group of onePerClass(left)) {
        const span = { outer, inner };
        const own = penaltyOf(span, group);
        if (own >= best.worst) continue;
        const rest: Solution =
          inner === null ? { worst: -Infinity, stages: [] } : solve(inner, without(left, group));
        const worst = Math.max(own, rest.worst);
        if (worst < best.worst) best = { worst, stages: [{ span, group }, ...rest.stages] };
      }
    }
    return best;
  }
}

function classKey({ memoryBytes, flopsPerSecond }: StageGroup): string {
  return `${memoryBytes}/${flopsPerSecond}`;
}

function onePerClass<G extends StageGroup>(groups: readonly G[]): G[] {
  const first = new Map<string, G>();
  for (const group of groups) if (!first.has(classKey(group))) first.set(classKey(group), group);
  return [...first.values()];
}

function without<G>(groups: readonly G[], group: G): G[] {
  const index = groups.indexOf(group);
  return groups.filter((_, i) => i !== index);
}
