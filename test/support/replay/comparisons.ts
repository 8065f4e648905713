/**
 * What a replay measured: per quantity (output, loss, gradients, ...) the error of every instance of it, and the
 * tolerance the quantity is held to.
 */
import assert from 'node:assert/strict';

export interface Quantity {
  readonly tolerance: number;
  /** Error by instance: a gradient's parameter, a step, a further input's prefix ('' for the case's own). */
  readonly errors: ReadonlyMap<string, number>;
}

export interface Largest {
  readonly error: number;
  readonly at: string;
}

export class Comparisons {
  readonly #quantities = new Map<string, { tolerance: number; errors: Map<string, number> }>();

  /** @param error relative and norm-wise, or a count of differences where the tolerance is 0 */
  add(quantity: string, tolerance: number, at: string, error: number): void {
    const known = this.#quantities.get(quantity);
    if (known === undefined) this.#quantities.set(quantity, { tolerance, errors: new Map([[at, error]]) });
    else known.errors.set(at, error);
  }

  get quantities(): ReadonlyMap<string, Quantity> {
    return this.#quantities;
  }

  /** True when something was compared and every error is within its tolerance; NaN never is. */
  get passed(): boolean {
    const all = [...this.#quantities.values()];
    return (
      all.length > 0 &&
      all.every(({ tolerance, errors }) => [...errors.values()].every((e) => e <= tolerance))
    );
  }

  /** One test failure that names every quantity beyond its tolerance. */
  assertPassed(): void {
    const failures = [...this.#quantities]
      .map(([name, quantity]) => ({ name, quantity, ...largest(quantity) }))
      .filter(({ error, quantity }) => !(error <= quantity.tolerance))
      .map(({ name, at, error, quantity }) => `${name} at "${at}": ${error} > ${quantity.tolerance}`);
    assert.deepEqual(failures, []);
    assert.ok(this.passed, 'nothing was compared');
  }
}

/** The worst instance of a quantity; NaN is worse than everything. */
export function largest({ errors }: Quantity): Largest {
  let worst: Largest = { error: -Infinity, at: '' };
  for (const [at, error] of errors) {
    if (Number.isNaN(error)) return { error, at };
    if (error > worst.error) worst = { error, at };
  }
  return worst;
}
