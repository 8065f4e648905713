/** A driver process that spawns an EchoActor at the given address and waits for a call that never ends. */
import { ActorSystem } from '../../shared/actor/system.ts';
import { silentLogger } from '../../shared/log.ts';
import type { EchoClasses } from './echo-actor.ts';

const worker = { name: 'w0', address: process.argv[2] };
const system = new ActorSystem<EchoClasses>({ run: 'run-1', generation: 1, log: silentLogger });
const actor = await system.spawn(worker, 'EchoActor', { name: 'a' });
await actor.hang(null, { timeoutMs: 600_000 });
