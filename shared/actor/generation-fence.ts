/**
 * The highest generation seen per run. A driver that lost its place (it was slow, cut off, replaced) still holds
 * refs and sends calls; the fence is why they cannot do harm.
 */
import { SaraError } from '../errors.ts';

export class GenerationFence {
  readonly #highest = new Map<string, number>();
  readonly #onRaised: (run: string, generation: number) => void;

  /** @param onRaised told after a run has moved to a higher generation than before */
  constructor(onRaised: (run: string, generation: number) => void) {
    this.#onRaised = onRaised;
  }

  /**
   * Lets a message of `generation` pass, or not.
   * @throws SaraError STALE_GENERATION
   */
  admit(run: string, generation: number): void {
    const highest = this.#highest.get(run);
    if (highest !== undefined && generation < highest) throw staleGeneration(run, generation, highest);
    if (highest === generation) return;
    this.#highest.set(run, generation);
    if (highest !== undefined) this.#onRaised(run, generation);
  }
}

export function staleGeneration(run: string, generation: number, highest: number): SaraError {
  return new SaraError(
    'STALE_GENERATION',
    `generation ${generation} of run ${run} is over: generation ${highest} has taken its place`,
    { run, generation, highest },
  );
}
