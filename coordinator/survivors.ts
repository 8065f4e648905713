/**
 * What is left of a worker group when it ends, for whatever reason: its driver died, a worker died or is to leave,
 * replicas differ. Stages that live on hold the run as it was committed last; if together they hold all of it, that
 * becomes a checkpoint, and no step is run again. Else the newest checkpoint there is has to do.
 *
 * Invariants:
 * 1. Only stages of the generation that made the last commit count: the gradients of no other are those committed.
 * 2. A stage is taken at its word only where most of its replicas have the same values.
 * 3. Afterwards no actor of the run is left on any worker that can be reached.
 */
import { asSaraError } from '../shared/errors.ts';
import type { ActorStatus } from '../shared/rpc/actor-codec.ts';
import type { StagePosition } from '../shared/stage-protocol.ts';
import { newestCheckpointStep } from './checkpoint-manifest.ts';
import type { StageRef } from './replica.ts';
import type { RunContext } from './run-context.ts';
import type { RunHistory } from './run-history.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import { stageOfActor } from './stage-actor-id.ts';
import type { System } from './worker-group.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

/** A stage may have a task to finish before it answers. */
const SETTLE_TIMEOUT_MS = 120_000;

interface Survivor {
  readonly stage: number;
  readonly ref: StageRef;
  readonly position: StagePosition;
}

/**
 * Saves what the run's last worker group holds, if that is more than the newest checkpoint, and stops its actors.
 * @param system of a generation that no other driver has
 * @returns the step that was saved, or null
 */
export async function takeOverFromSurvivors(
  context: RunContext,
  system: System,
  history: RunHistory,
): Promise<number | null> {
  const { run, registry, log } = context;
  const workers = await registry.list();
  const found = (await Promise.all(workers.map((worker) => actorsOn(system, worker, run)))).flat();
  if (found.length === 0) return null;
  let saved: number | null = null;
  try {
    saved = await save(context, system, history, found);
  } catch (thrown) {
    // What is on disk will do; the disk may be what is wrong.
    log.warn({ err: asSaraError(thrown) }, 'could not save what the last worker group holds');
  }
  await stopRunOn(system, workers, context);
  return saved;
}

async function save(
  context: RunContext,
  system: System,
  history: RunHistory,
  found: readonly FoundActor[],
): Promise<number | null> {
  const { journal, runFolder, log } = context;
  const { commitGeneration, plan, step } = journal.record;
  if (commitGeneration === 0 || plan === null) return null;
  const onDisk = await newestCheckpointStep(runFolder);
  if (onDisk !== null && onDisk >= step) return null;
  const candidates = found.flatMap(({ worker, actor }) => {
    const stage = actor.className === 'StageActor' ? stageOfActor(actor.actorId) : null;
    return stage === null || actor.generation !== commitGeneration ? [] : [{ stage, worker, actor }];
  });
  const isComplete = (stages: readonly { stage: number }[]): boolean =>
    new Set(stages.map(({ stage }) => stage)).size === plan.numStages;
  if (!isComplete(candidates)) {
    log.info(
      { numStages: plan.numStages, numLeft: candidates.length },
      'a stage is lost with all its replicas',
    );
    return null;
  }
  const settled = await Promise.all(
    candidates.map(async ({ stage, worker, actor }): Promise<Survivor | null> => {
      const ref = system.adopt(endpointOf(worker), 'StageActor', actor.actorId);
      const { squaredNorms, reselection } = journal.record;
      try {
        const part =
          reselection === null
            ? null
            : { step: reselection.step, maskDigest: reselection.maskDigests[stage] };
        const args = { committedSteps: step, squaredNorms, reselection: part };
        return { stage, ref, position: await ref.settle(args, { timeoutMs: SETTLE_TIMEOUT_MS }) };
      } catch (thrown) {
        log.warn({ err: asSaraError(thrown), actor: actor.actorId }, 'a stage has not what was committed');
        return null;
      }
    }),
  );
  const chosen = representatives(settled.filter((survivor) => survivor !== null));
  if (!isComplete(chosen)) return null;
  const [{ position }] = chosen;
  await saveCheckpoint(context, {
    step,
    baseHash: position.baseHash,
    threshold: position.threshold,
    numReselections: position.numReselections,
    stages: chosen.map(({ ref }) => ref),
    history,
  });
  log.info({ step }, 'saved what the last worker group holds');
  return step;
}

/** @returns one of each stage, by stage; none of a stage whose replicas have no majority */
function representatives(survivors: readonly Survivor[]): Survivor[] {
  return groupsOf(survivors, ({ stage }) => stage)
    .flatMap((replicas) => majorityOf(replicas, stateOf).slice(0, 1))
    .sort((a, b) => a.stage - b.stage);
}

function stateOf({ position }: Survivor): string {
  return `${position.numReselections} ${position.maskDigest} ${position.stateDigest}`;
}

/** Those of more than half with the same key; none where there is no such half. */
export function majorityOf<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return groupsOf(items, keyOf).find((group) => 2 * group.length > items.length) ?? [];
}

function groupsOf<T, K>(items: readonly T[], keyOf: (item: T) => K): T[][] {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

interface FoundActor {
  readonly worker: RegisteredWorker;
  readonly actor: ActorStatus;
}

async function actorsOn(system: System, worker: RegisteredWorker, run: string): Promise<FoundActor[]> {
  try {
    const { actors } = await system.status(endpointOf(worker));
    return actors.filter((actor) => actor.run === run).map((actor) => ({ worker, actor }));
  } catch {
    return []; // It has a lease and is gone, or cut off: then it cannot help.
  }
}

/** Ends whatever the run has on these workers; one that cannot be reached has nothing that could be ended. */
export async function stopRunOn(
  system: System,
  workers: readonly RegisteredWorker[],
  { log }: Pick<RunContext, 'log'>,
): Promise<void> {
  const outcomes = await Promise.allSettled(workers.map((worker) => system.stopRun(endpointOf(worker))));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected')
      log.warn({ err: asSaraError(outcome.reason), worker: workers[i].name }, 'could not stop its actors');
  }
}
