/** What an epoch consists of: which example is visited how often, before anything is shuffled. */
import { SaraError } from '../../shared/errors.ts';

/** Bound on the visits of an epoch; they are numbered with 32 bits and held in memory. */
const MAX_ENTRIES = 2 ** 28;

/**
 * One entry per visit, its value the example's index: own examples as often as they repeat and, where there are
 * examples of the prior, as many visits to those, each of them as often as any other or once less. An epoch is
 * lengthened by whole rounds of the own examples until every one of the prior has its turn.
 *
 * @param own repeats of each example, at least 1
 * @param prior the same of the prior-preservation set, whose indices follow; may be empty
 * @throws SaraError DATA_INVALID when repeats add up to more than can be counted
 */
export function epochEntries(own: readonly number[], prior: readonly number[]): Uint32Array<ArrayBuffer> {
  const ownVisits = repeated(own, 0);
  const priorVisits = repeated(prior, own.length);
  if (priorVisits.length === 0) return ownVisits;
  const numVisits = ownVisits.length * Math.ceil(priorVisits.length / ownVisits.length);
  requireCountable(2 * numVisits);
  const entries = new Uint32Array(2 * numVisits);
  for (let i = 0; i < numVisits; i++) {
    entries[i] = ownVisits[i % ownVisits.length];
    entries[numVisits + i] = priorVisits[i % priorVisits.length];
  }
  return entries;
}

function repeated(repeats: readonly number[], firstIndex: number): Uint32Array<ArrayBuffer> {
  const numVisits = repeats.reduce((sum, count) => sum + count, 0);
  requireCountable(numVisits);
  const visits = new Uint32Array(numVisits);
  let filled = 0;
  for (const [i, count] of repeats.entries()) {
    visits.fill(firstIndex + i, filled, filled + count);
    filled += count;
  }
  return visits;
}

function requireCountable(numEntries: number): void {
  if (numEntries <= MAX_ENTRIES) return;
  throw new SaraError(
    'DATA_INVALID',
    `an epoch of ${numEntries} visits is longer than ${MAX_ENTRIES}; lower data.repeats`,
    { numEntries, maxEntries: MAX_ENTRIES },
  );
}
