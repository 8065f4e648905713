/** Pictures while a run trains: what its model draws of the preview prompts at the current step. */
import type { CallOptions } from '../shared/actor/protocol.ts';
import type { RunContext } from './run-context.ts';
import type { WorkerGroup } from './worker-group.ts';
import { endpointOf } from './worker-registry.ts';

/**
 * A worker draws them in an actor of its own, which is gone again when training goes on.
 * @param step updates applied
 */
export async function drawPreview(
  { run, configJson, runFolder, signal, journal }: RunContext,
  { system, replicas, workers }: WorkerGroup,
  baseHash: string,
  step: number,
  options: CallOptions,
): Promise<void> {
  const [worker] = workers;
  const args = { run, configJson, runFolder, baseHash, numThreads: worker.numThreads };
  const actor = await system.spawn(endpointOf(worker), 'ArtifactActor', args, { signal });
  const values = await Promise.all(
    replicas[0].stages.map(async (stage) => (await stage.exportValues({}, options)).values),
  );
  try {
    const { artifacts } = await actor.renderPreview({ values, step }, options);
    for (const artifact of artifacts) await journal.publish({ kind: 'artifact', ...artifact });
  } finally {
    system.free(...values);
    await system.stop(actor);
  }
}
