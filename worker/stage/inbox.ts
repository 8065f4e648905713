/**
 * What a stage holds for one micro-batch: inputs, frames and their gradients, by name, until its last task of it.
 */
import type { TensorBundle } from '../../shared/actor/protocol.ts';
import { SaraError } from '../../shared/errors.ts';
import type { BatchSpec } from '../../shared/stage-protocol.ts';
import type { Tensor } from '../../shared/tensor.ts';

export class Inbox {
  readonly #tensors = new Map<string, Tensor>();

  receive(bundle: TensorBundle): void {
    for (const [name, tensor] of Object.entries(bundle)) this.#tensors.set(name, tensor);
  }

  /** @throws SaraError INTERNAL naming what has not arrived */
  take(names: readonly string[]): Record<string, Tensor> {
    const missing = names.filter((name) => !this.#tensors.has(name));
    if (missing.length > 0)
      throw new SaraError('INTERNAL', `a task was started before its inputs arrived: ${missing.join(', ')}`);
    return Object.fromEntries(names.map((name) => [name, this.#tensors.get(name)!]));
  }
}

export class Inboxes {
  readonly #inboxes = new Map<string, Inbox>();

  of(batch: BatchSpec): Inbox {
    const key = keyOf(batch);
    let inbox = this.#inboxes.get(key);
    if (inbox === undefined) this.#inboxes.set(key, (inbox = new Inbox()));
    return inbox;
  }

  drop(batch: BatchSpec): void {
    this.#inboxes.delete(keyOf(batch));
  }

  clear(): void {
    this.#inboxes.clear();
  }
}

function keyOf({ purpose, step, microBatch }: BatchSpec): string {
  return `${purpose}:${step}:${microBatch}`;
}
