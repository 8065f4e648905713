/**
 * How a vector is divided among replicas and into messages: pure arithmetic, the same on every replica.
 */

/** A half-open range of entries. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/**
 * The part of the vector that each replica sums. Contiguous, in replica order, lengths differing by at most one.
 * @returns one range per replica; empty ones when there are more replicas than entries
 */
export function segmentsOf(vectorLength: number, numReplicas: number): Range[] {
  return Array.from({ length: numReplicas }, (_, replica) => ({
    begin: Math.floor((vectorLength * replica) / numReplicas),
    end: Math.floor((vectorLength * (replica + 1)) / numReplicas),
  }));
}

/** A range in pieces of at most `maxEntries`; none for an empty range. */
export function chunksOf(range: Range, maxEntries: number): Range[] {
  const chunks: Range[] = [];
  for (let begin = range.begin; begin < range.end; begin += maxEntries) {
    chunks.push({ begin, end: Math.min(begin + maxEntries, range.end) });
  }
  return chunks;
}
