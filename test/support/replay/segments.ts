/** Cuts a graph by its blocks into contiguous segments of about as many blocks each. */
import type { Graph } from '../../../worker/engine/graph.ts';

/** @returns the segment of a block name, for `partition` */
export function evenSegments(graph: Graph, numSegments: number): (block: string) => number {
  const blocks = [...new Set(graph.nodes.map((node) => node.block))].filter((block) => block !== '');
  const segmentOf = new Map(blocks.map((block, i) => [block, Math.floor((i * numSegments) / blocks.length)]));
  return (block) => segmentOf.get(block) ?? NaN;
}
