/** Suggesting the name somebody probably meant. */

/**
 * The candidate with the fewest edits from `typed`, ignoring case, `_` and `-` (so `batch_size` finds
 * `batchSize`).
 * @returns undefined when even the nearest needs more edits than a third of its letters, rounded up
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const folded = fold(typed);
  let best: string | undefined;
  let fewest = Math.ceil(folded.length / 3) + 1;
  for (const candidate of candidates) {
    const foldedCandidate = fold(candidate);
    if (Math.abs(foldedCandidate.length - folded.length) >= fewest) continue; // cannot win
    const edits = editDistance(folded, foldedCandidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
