/** Asks a worker what the model costs: it reads the files, the coordinator plans with what it says. */
import { randomUUID } from 'node:crypto';
import type { WorkerEndpoint } from '../../shared/actor/protocol.ts';
import { ActorSystem } from '../../shared/actor/system.ts';
import type { Logger } from '../../shared/log.ts';
import type { ChannelSecurity } from '../../shared/rpc/channel.ts';
import type { ActorClasses, ModelProfile, RunPlace } from '../../shared/stage-protocol.ts';

/** Hashing the base and listing the images dominate. */
const PROFILE_TIMEOUT_MS = 300_000;

export type ProfileModel = (
  worker: WorkerEndpoint,
  place: Omit<RunPlace, 'run'>,
  options: { signal: AbortSignal; security: ChannelSecurity; log: Logger },
) => Promise<ModelProfile>;

/** For a plan without a run: an actor that lives only for the question. */
export const profileModelOnWorker: ProfileModel = async (worker, place, { signal, security, log }) => {
  const run = `plan-${randomUUID()}`;
  const system = new ActorSystem<ActorClasses>({ run, generation: 1, security, log });
  try {
    const model = await system.spawn(worker, 'ModelActor', { ...place, run }, { signal });
    try {
      return await model.profile({}, { signal, timeoutMs: PROFILE_TIMEOUT_MS });
    } finally {
      await system.stop(model);
    }
  } finally {
    system.close();
  }
};
