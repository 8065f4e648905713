/** The program of the threads a worker runs its actors in, one each. */
import { serveActorThread } from '../shared/actor/actor-thread.ts';
import { actorRegistry } from './actors.ts';

serveActorThread(actorRegistry);
