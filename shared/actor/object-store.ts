/**
 * The objects a process holds for others to pull: bundles of named tensors, bounded in bytes.
 *
 * Invariants:
 * 1. usedBytes <= capacityBytes, always: put refuses instead of swapping or evicting. What is still needed is
 *    known to the driver of a run alone, so only it frees.
 * 2. An id is never used twice, also not by a restarted process or thread: whoever gives out ids begins them with a
 *    random prefix of its own.
 * 3. Bundles are never copied or changed. A freed one lives on as long as somebody is still reading it.
 */
import { SaraError } from '../errors.ts';
import type { FrameTag, TensorBundle } from '../rpc/tensor-frame.ts';
import { bundleSizeBytes } from '../rpc/tensor-frame.ts';

export interface StoredObject {
  readonly id: string;
  readonly bundle: TensorBundle;
  readonly sizeBytes: number;
  /** Run, generation, step and micro-batch it belongs to. */
  readonly tag: FrameTag;
  /** Actor that put it; '' for a driver. */
  readonly ownerId: string;
}

export interface ObjectStoreOptions {
  readonly capacityBytes: number;
  /** Begins every id: random per process. */
  readonly idPrefix: string;
}

/** Gives out the ids of one process or thread. */
export class ObjectIds {
  readonly #prefix: string;
  #numGiven = 0;

  /** @param prefix [A-Za-z0-9_-], never used by anyone else */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  next(): string {
    return `${this.#prefix}-${(++this.#numGiven).toString(36)}`;
  }
}

export class ObjectStore {
  readonly capacityBytes: number;
  readonly #ids: ObjectIds;
  readonly #objects = new Map<string, StoredObject>();
  #usedBytes = 0;

  constructor(options: ObjectStoreOptions) {
    this.capacityBytes = options.capacityBytes;
    this.#ids = new ObjectIds(options.idPrefix);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get count(): number {
    return this.#objects.size;
  }

  newId(): string {
    return this.#ids.next();
  }

  /** @throws SaraError OBJECT_STORE_FULL */
  put(bundle: TensorBundle, tag: FrameTag, ownerId: string): StoredObject {
    return this.hold(this.newId(), bundle, tag, ownerId);
  }

  /**
   * Keeps a bundle under an id given out before: here, or by another thread's {@link ObjectIds}.
   * @throws SaraError OBJECT_STORE_FULL; INTERNAL when the id is in use
   */
  hold(id: string, bundle: TensorBundle, tag: FrameTag, ownerId: string): StoredObject {
    if (this.#objects.has(id)) throw new SaraError('INTERNAL', `object ${id} is held already`, { id });
    const sizeBytes = bundleSizeBytes(bundle);
    if (this.#usedBytes + sizeBytes > this.capacityBytes) {
      throw new SaraError(
        'OBJECT_STORE_FULL',
        `object store is full: ${this.#usedBytes} + ${sizeBytes} > ${this.capacityBytes} bytes. ` +
          'Use fewer micro-batches in flight or a larger store.',
        { usedBytes: this.#usedBytes, sizeBytes, capacityBytes: this.capacityBytes },
      );
    }
    const object: StoredObject = { id, bundle, sizeBytes, tag, ownerId };
    this.#objects.set(id, object);
    this.#usedBytes += sizeBytes;
    return object;
  }

  /** @throws SaraError OBJECT_GONE */
  get(id: string): StoredObject {
    const object = this.#objects.get(id);
    if (object === undefined) {
      throw new SaraError('OBJECT_GONE', `object ${id} is not held here: freed, or made before a restart`, {
        id,
      });
    }
    return object;
  }

  /** Gives up one object; nothing happens when it is not there. */
  free(id: string): void {
    const object = this.#objects.get(id);
    if (object === undefined) return;
    this.#objects.delete(id);
    this.#usedBytes -= object.sizeBytes;
  }

  /** @returns how many objects were given up */
  freeWhere(condemned: (object: StoredObject) => boolean): number {
    const ids = [...this.#objects.values()].filter(condemned).map((object) => object.id);
    for (const id of ids) this.free(id);
    return ids.length;
  }
}
