/**
 * Whether a part is ready, as the conditions it has set: each holds, or says in words what is being waited for.
 * A part that has died does not answer at all, so being alive needs no conditions.
 */

export interface Health {
  /** What is not there yet, by condition; empty when ready. */
  waitingFor(): Readonly<Record<string, string>>;
}

export class Conditions implements Health {
  readonly #conditions = new Map<string, () => string | null>();

  /** @param check null when it holds, else what is being waited for; asked at every look */
  set(name: string, check: () => string | null): void {
    this.#conditions.set(name, check);
  }

  waitingFor(): Readonly<Record<string, string>> {
    const waiting: Record<string, string> = {};
    for (const [name, check] of this.#conditions) {
      const reason = check();
      if (reason !== null) waiting[name] = reason;
    }
    return waiting;
  }
}
