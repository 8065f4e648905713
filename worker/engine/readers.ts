/** How often each value is read, by nodes and as an output of the graph. */
import type { Node, Value } from './graph.ts';

export function countReaders(nodes: Iterable<Node>, outputs: Iterable<Value>): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const count = (value: Value): void => {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  for (const node of nodes) node.inputs.forEach(count);
  for (const value of outputs) count(value);
  return counts;
}
