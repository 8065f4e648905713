/** Program of an actor thread with EchoActors. */
import { serveActorThread } from '../../shared/actor/actor-thread.ts';
import { echoRegistry } from './echo-actor.ts';

serveActorThread(() => echoRegistry);
