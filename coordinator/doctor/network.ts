/** NATS, the coordinator, and the ports they listen on. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { connectCoordinator } from '../../shared/coordinator-client.ts';
import { silentLogger } from '../../shared/log.ts';
import { connectNats } from '../../shared/messaging/connection.ts';
import { findNatsServer } from '../../shared/messaging/nats-server.ts';
import { fail, ok, reasonOf, warn, type Check } from './check.ts';

/** A person waits. */
const ANSWER_TIMEOUT_MS = 3_000;

/** Older servers lack what leases and streams rest on. */
const LEAST_NATS = [2, 9] as const;

export interface NetworkPlaces {
  /** NATS servers, comma-separated. */
  readonly nats: string;
  /** host:port. */
  readonly coordinator: string;
  /** Whether somebody named them, so that they ought to be there. */
  readonly isNatsNamed: boolean;
  readonly isCoordinatorNamed: boolean;
}

export async function checkNetwork(places: NetworkPlaces, signal: AbortSignal): Promise<Check[]> {
  const server = await checkNats(places, signal);
  const program = await natsProgram();
  return [
    judgeNatsProgram(program, server !== null && server.status === 'ok'),
    server ?? ok('NATS', `none at ${places.nats}, and none is needed: sara train starts its own`),
    await checkLoopback(),
    await checkCoordinator(places),
  ];
}

/** @returns what the nats-server that sara train would start says of itself; null: there is none that runs */
async function natsProgram(): Promise<string | null> {
  const path = findNatsServer();
  if (path === null) return null;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: ANSWER_TIMEOUT_MS });
    return `${stdout.trim()} (${path})`;
  } catch {
    return null;
  }
}

export function judgeNatsProgram(program: string | null, isServerThere: boolean): Check {
  if (program !== null) return ok('nats-server program', program);
  const advice =
    'install nats-server (apt, brew, or github.com/nats-io/nats-server), or name it in SARA_NATS_SERVER';
  return isServerThere
    ? warn('nats-server program', 'none: sara train cannot start one, a cluster can be used', advice)
    : fail('nats-server program', 'none was found, and no server answers', advice);
}

/** @returns null when none answers and nobody said that one should */
async function checkNats({ nats, isNatsNamed }: NetworkPlaces, signal: AbortSignal): Promise<Check | null> {
  try {
    const servers = nats.split(',');
    const link = await connectNats({
      servers,
      name: 'sara doctor',
      timeoutMs: ANSWER_TIMEOUT_MS,
      signal,
      log: silentLogger,
    });
    const isJetStream = link.nc.info?.jetstream === true;
    const { serverVersion } = link;
    await link.close();
    return judgeNatsServer(nats, serverVersion, isJetStream);
  } catch (error) {
    signal.throwIfAborted();
    return isNatsNamed ? fail('NATS', reasonOf(error), `start one there: nats-server -js`) : null;
  }
}

export function judgeNatsServer(where: string, version: string, isJetStream: boolean): Check {
  const found = `${where}: version ${version}, ${isJetStream ? 'with' : 'without'} JetStream`;
  if (!isJetStream) return fail('NATS', found, 'start it with JetStream: nats-server -js');
  const [major, minor] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NATS;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('NATS', found);
  return warn('NATS', found, `use ${leastMajor}.${leastMinor} or newer`);
}

/** Every process of a local run listens there, on a port the system chooses. */
async function checkLoopback(): Promise<Check> {
  const port = await listenOn('127.0.0.1', 0).catch((error: unknown) => error);
  return typeof port === 'number'
    ? ok('loopback', 'ports can be opened on 127.0.0.1')
    : fail(
        'loopback',
        `no port can be opened on 127.0.0.1: ${reasonOf(port)}`,
        'allow this user to listen there',
      );
}

async function checkCoordinator({ coordinator, isCoordinatorNamed }: NetworkPlaces): Promise<Check> {
  const client = connectCoordinator(coordinator, { timeoutMs: ANSWER_TIMEOUT_MS });
  try {
    const { workers } = await client.listWorkers();
    return ok('coordinator', `${coordinator}: answers, ${workers.length} workers`);
  } catch (error) {
    if (isCoordinatorNamed)
      return fail('coordinator', reasonOf(error), 'start one there: sara coordinator --listen HOST:PORT');
    return judgeCoordinatorPort(coordinator, await occupantOf(coordinator));
  } finally {
    client.close();
  }
}

/** @returns why the port cannot be opened; null: it is free */
async function occupantOf(address: string): Promise<string | null> {
  const [host, port] = address.split(':');
  return listenOn(host, Number(port)).then(() => null, reasonOf);
}

export function judgeCoordinatorPort(address: string, occupant: string | null): Check {
  if (occupant === null) return ok('coordinator', `none at ${address}, the port is free`);
  return warn(
    'coordinator',
    `none at ${address}, and its port cannot be opened: ${occupant}`,
    'when you start one, choose another port: sara coordinator --listen 127.0.0.1:0',
  );
}

/** Listens for a moment. @returns the port */
async function listenOn(host: string, port: number): Promise<number> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : port;
}
