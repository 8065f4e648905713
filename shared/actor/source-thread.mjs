/**
 * Starts an actor thread whose program is TypeScript, for processes that run from source (tests, `tsx`): on Node 20
 * the loader a process was started with is not there in its threads. Compiled processes never come here.
 */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.program);
