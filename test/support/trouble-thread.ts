/** Program of an actor thread with TroubleActors. */
import { serveActorThread } from '../../shared/actor/actor-thread.ts';
import { troubleRegistry } from './trouble-actor.ts';

serveActorThread(troubleRegistry);
