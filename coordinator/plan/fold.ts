/**
 * Where a UNet may be folded.
 *
 * A cut is a pair: the encoder cut before block `encoder` and its twin before block `decoder`. The blocks outside
 * the pair stay with the outer stages, those inside go further in, so a skip from an outer encoder block to an outer
 * decoder block never leaves its stage. Which decoder cuts are twins of an encoder cut is read off the edges alone:
 * those at which the fewest values cross, for every skip that is torn adds one to the main path's two and the time
 * embedding. How many bytes the values have does not matter here; the planner weighs them as time.
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
 * The encoder cut lies before the point where most values wait for a later block (the bottom of the U), its twin
 * after it: beyond that point a pair would fold the decoder into itself.
 */
export function foldableCuts(profile: ModelProfile): Cut[] {
  const numBlocks = profile.blocks.length;
  const edges = indexEdges(profile);
  const numWaiting = Array.from(
    { length: numBlocks },
    (_, cut) => edges.filter(({ from, to }) => from < cut && to.some((consumer) => consumer >= cut)).length,
  );
  const deepest = Math.max(...numWaiting);
  const firstDeepest = numWaiting.indexOf(deepest);
  const lastDeepest = numWaiting.lastIndexOf(deepest);

  const cuts: Cut[] = [];
  for (let encoder = 1; encoder <= lastDeepest; encoder++) {
    const twins: { cut: Cut; numCrossing: number }[] = [];
    for (let decoder = Math.max(encoder + 1, firstDeepest); decoder < numBlocks; decoder++) {
      const cut = { encoder, decoder };
      twins.push({ cut, numCrossing: crossingEdges(edges, cut).length });
    }
    const fewest = Math.min(...twins.map(({ numCrossing }) => numCrossing));
    cuts.push(...twins.filter(({ numCrossing }) => numCrossing === fewest).map(({ cut }) => cut));
  }
  return cuts;
}

/** The values that cross the boundary between the outer and the inner blocks, in either direction. */
export function crossingEdges(edges: readonly IndexedEdge[], cut: Cut): IndexedEdge[] {
  const isInner = (block: number): boolean => cut.encoder <= block && block < cut.decoder;
  return edges.filter(({ from, to }) => to.some((consumer) => isInner(consumer) !== isInner(from)));
}
