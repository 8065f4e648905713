/**
 * Before the first step of a run with a latent model: pictures and captions through the frozen encoders, on every
 * worker at once, into a cache that the stages read. A worker takes the next few items when it is done with its last
 * ones, so that a slow one holds up nobody; what is there from earlier runs is only checked.
 */
import type { EncoderArgs, EncodingPlan } from '../shared/stage-protocol.ts';
import { longCall, type RunContext } from './run-context.ts';
import type { System } from './worker-group.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

/** Items of one call: enough to outweigh it, few enough to show progress. */
const ITEMS_PER_CALL = 8;

/** @throws SaraError of the first item that cannot be encoded, or of a worker that is lost */
export async function encodeData(
  context: RunContext,
  system: System,
  workers: readonly RegisteredWorker[],
  { hashes, numItems }: EncodingPlan,
): Promise<void> {
  const { run, configJson, runFolder, config, signal, journal } = context;
  const placements = workers.map((worker) => {
    const numThreads = config.engine.numThreads ?? worker.numThreads;
    const args: EncoderArgs = { run, configJson, runFolder, encoderHashes: hashes, numThreads };
    return { worker: endpointOf(worker), className: 'EncoderActor' as const, args, options: { signal } };
  });
  const encoders = await system.spawnGroup(placements);
  let next = 0;
  let numDone = 0;
  await Promise.all(
    encoders.map(async (encoder) => {
      while (next < numItems) {
        const from = next;
        const to = Math.min(numItems, from + ITEMS_PER_CALL);
        next = to;
        const { damaged } = await encoder.encode({ from, to }, longCall(context));
        for (const message of damaged) {
          const worker = encoder.$identity.worker.name;
          await journal.publish({ kind: 'log', level: 'warn', message, worker });
        }
        numDone += to - from;
        await journal.publish({ kind: 'encoded', numDone, numTotal: numItems });
      }
    }),
  );
  await system.stop(...encoders);
}
