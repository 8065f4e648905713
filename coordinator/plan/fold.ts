/**
 * Where a UNet may be folded.
 *
 * A cut is a pair: the encoder cut before block `encoder` and its twin before block `decoder`. The blocks outside
 * the pair stay with the outer stages, those inside go further in, so a skip from an outer encoder block to an outer
 * decoder block never leaves its stage. Which pairs these are is read off the edges alone, not off block names. How
 * many bytes cross does not matter here; the planner weighs them as time.
 */
import { SaraError } from '../../shared/errors.ts';
import type { BlockEdge, ModelProfile } from '../../shared/stage-protocol.ts';

/** Half-open: the outer stages own blocks [0, encoder) and [decoder, numBlocks), the inner [encoder, decoder). */
export interface Cut {
  readonly encoder: number;
  readonly decoder: number;
}

/** The cut that leaves nothing outside. */
export function wholeModel(profile: ModelProfile): Cut {
  return { encoder: 0, decoder: profile.blocks.length };
}

/** Whether `inner` leaves a block on both sides between itself and `outer`. */
export function isInside(inner: Cut, outer: Cut): boolean {
  return outer.encoder < inner.encoder && inner.decoder < outer.decoder;
}

/** An edge with its blocks as positions in execution order. */
export interface IndexedEdge {
  readonly from: number;
  readonly to: readonly number[];
  readonly sizeBytes: number;
}

export function indexEdges(profile: ModelProfile): IndexedEdge[] {
  const positions = new Map(profile.blocks.map(({ name }, position) => [name, position]));
  const positionOf = (name: string): number => {
    const position = positions.get(name);
    if (position === undefined) {
      throw new SaraError(
        'INTERNAL',
        `an edge names block '${name}', which the model's profile does not list`,
      );
    }
    return position;
  };
  return profile.edges.map(({ from, to, sizeBytes }: BlockEdge) => ({
    from: positionOf(from),
    to: to.map(positionOf),
    sizeBytes,
  }));
}

/**
 * Every cut that tears no skip, in ascending order.
 *
 * The main path runs through each block that reads the newest value before it; what a block on it computes may
 * cross a boundary only from the last of them before it. Older values that cross are torn skips. Values from off
 * the path (the time embedding, which nearly every block reads) go wherever they are read.
 */
export function foldableCuts(profile: ModelProfile): Cut[] {
  const numBlocks = profile.blocks.length;
  const edges = indexEdges(profile);
  const mainPath = mainPathOf(edges, numBlocks);
  const lastOnPathBefore = (cut: number): number => mainPath.findLast((block) => block < cut) ?? -1;

  const cuts: Cut[] = [];
  for (let encoder = 1; encoder < numBlocks; encoder++) {
    for (let decoder = encoder + 1; decoder < numBlocks; decoder++) {
      const cut = { encoder, decoder };
      const [intoInner, outOfInner] = [lastOnPathBefore(encoder), lastOnPathBefore(decoder)];
      const isTorn = ({ from }: IndexedEdge): boolean =>
        mainPath.includes(from) && from !== (from < encoder ? intoInner : outOfInner);
      if (!crossingEdges(edges, cut).some(isTorn)) cuts.push(cut);
    }
  }
  return cuts;
}

/** The most stages a model can be folded into: one more than the longest chain of nested cuts. */
export function mostStages(profile: ModelProfile): number {
  const whole = wholeModel(profile);
  const cuts = foldableCuts(profile);
  const depthInside = new Map<Cut, number>();
  // Cuts come in ascending order of `encoder`: walking back, those inside are known before those around them.
  for (const outer of [...cuts, whole].toSorted((a, b) => b.encoder - a.encoder)) {
    const depths = cuts.filter((cut) => isInside(cut, outer)).map((cut) => depthInside.get(cut)!);
    depthInside.set(outer, 1 + Math.max(0, ...depths));
  }
  return depthInside.get(whole)!;
}

/** From the last block back, always to the producer of the newest value that a block reads; ascending. */
function mainPathOf(edges: readonly IndexedEdge[], numBlocks: number): number[] {
  const path: number[] = [];
  for (let block = numBlocks - 1; block >= 0;) {
    path.unshift(block);
    const producers = edges.filter(({ to }) => to.includes(block)).map(({ from }) => from);
    block = Math.max(-1, ...producers);
  }
  return path;
}

/** The values that cross the boundary between the outer and the inner blocks, in either direction. */
export function crossingEdges(edges: readonly IndexedEdge[], cut: Cut): IndexedEdge[] {
  const isInner = (block: number): boolean => cut.encoder <= block && block < cut.decoder;
  return edges.filter(({ from, to }) => to.some((consumer) => isInner(consumer) !== isInner(from)));
}
