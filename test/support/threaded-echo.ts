/** The registry of echo-actor.ts with every actor in a thread of its own. */
import { threadedRegistry } from '../../shared/actor/threaded.ts';
import { echoRegistry, type EchoClasses } from './echo-actor.ts';

export const threadedEchoRegistry = threadedRegistry<EchoClasses, null>(
  { EchoActor: echoRegistry.EchoActor.methods },
  { program: new URL('echo-thread.ts', import.meta.url), surroundings: null },
);
