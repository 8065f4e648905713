/**
 * Stage actors of one replica in this process, called as the run driver calls them, with an object store that is a
 * map: everything but the wire.
 */
import { ObjectRef } from '../../shared/actor/object-ref.ts';
import type { ActorContext, TensorBundle } from '../../shared/actor/protocol.ts';
import { silentLogger } from '../../shared/log.ts';

/** Ids are never used twice, though objects are freed. */
let numPut = 0;

const WORKER = { name: 'test-worker', address: '127.0.0.1:0' };

/** A context whose refs any other context of the same store can pull. */
export function memoryContext(store = new Map<string, TensorBundle>()): ActorContext {
  return {
    run: 'test',
    generation: 1,
    actorId: 'test',
    worker: WORKER,
    signal: new AbortController().signal,
    log: silentLogger,
    put(bundle) {
      const id = String(numPut++);
      store.set(id, bundle);
      return new ObjectRef(WORKER.address, id, 0);
    },
    pull(ref) {
      const bundle = store.get(ref.id);
      return bundle === undefined
        ? Promise.reject(new Error(`no object ${ref.id}`))
        : Promise.resolve(bundle);
    },
    free() {
      // Kept until the test ends.
    },
  };
}
