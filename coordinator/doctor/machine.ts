/** Node, processors and memory of this machine. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { formatBytes } from '../../shared/bytes.ts';
import { TOOL_VERSION } from '../../shared/version.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** As package.json says. */
const LEAST_NODE = [20, 19] as const;

/** What the SD1.5 UNet alone takes to train at 32x32 latents, batch 1; see plan/stage-cost.ts. */
const LATENT_MODEL_BYTES = 7e9;
/** Below, even a pixel model of a few million weights gets tight: two workers of 400 MB, NATS and the coordinator. */
const LEAST_BYTES = 1.5e9;

export function checkMachine(): Check[] {
  return [
    judgeNode(process.versions.node),
    judgeProcessors(cpus().at(0)?.model ?? 'processor', availableParallelism()),
    judgeMemory(totalmem(), freemem(), process.constrainedMemory()),
  ];
}

/** @param version e.g. `20.19.1` */
export function judgeNode(version: string): Check {
  const found = `Node ${version}, sara ${TOOL_VERSION}`;
  const [major, minor] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('versions', found);
  return fail('versions', found, `install Node ${leastMajor}.${leastMinor} or newer, from nodejs.org`);
}

export function judgeProcessors(model: string, numThreads: number): Check {
  return ok('processors', `${numThreads} threads, ${model.trim()}`);
}

/** @param limitBytes of the container; 0 or an absurd figure: none */
export function judgeMemory(totalBytes: number, freeBytes: number, limitBytes: number): Check {
  const isLimited = limitBytes > 0 && limitBytes < totalBytes;
  const bytes = isLimited ? limitBytes : totalBytes;
  const found =
    `${formatBytes(bytes)}${isLimited ? ' allowed by the container' : ''}, ` +
    `${formatBytes(Math.min(freeBytes, bytes))} free`;
  if (bytes < LEAST_BYTES)
    return fail('memory', found, 'use a machine with 2 GB or more, or raise the limit of the container');
  if (bytes < LATENT_MODEL_BYTES) {
    return warn(
      'memory',
      found,
      `enough for pixel models; Stable Diffusion 1.5 takes ${formatBytes(LATENT_MODEL_BYTES)} and more over all workers`,
    );
  }
  return ok('memory', found);
}
