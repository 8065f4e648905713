/** Starts a worker and a nats-server, says where they are, and waits to be killed. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '../../shared/messaging/nats-server.ts';
import { startChildWorker } from './child-worker.ts';

const nats = await startNatsServer({ storeDir: mkdtempSync(join(tmpdir(), 'sara-test-nats-')) });
const { endpoint } = await startChildWorker('orphan');
process.stdout.write(`${JSON.stringify({ worker: endpoint, natsPid: nats.pid })}\n`);
