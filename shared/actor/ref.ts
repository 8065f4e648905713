/**
 * The typed face of an actor for its driver: an object whose every property is a function that calls the method
 * of that name.
 */
import type { ActorIdentity, ActorRef, CallOptions } from './protocol.ts';

/** Sends one call; given by the actor system. */
export type Invoker = (method: string, args: unknown, options: CallOptions) => Promise<unknown>;

export function createActorRef<P>(identity: ActorIdentity, invoke: Invoker): ActorRef<P> {
  const methods = new Map<string, (args: unknown, options?: CallOptions) => Promise<unknown>>();
  return new Proxy(Object.freeze({ $identity: identity }), {
    get: (target, property) => {
      if (property === '$identity') return target.$identity;
      // `await ref` asks for `then`; an actor is not a promise.
      if (typeof property !== 'string' || property === 'then') return undefined;
      let method = methods.get(property);
      if (method === undefined) {
        method = (args, options = {}) => invoke(property, args, options);
        methods.set(property, method);
      }
      return method;
    },
  }) as unknown as ActorRef<P>;
}
