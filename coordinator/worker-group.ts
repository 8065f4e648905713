/**
 * The stages of one generation, placed on workers: all of them, or none.
 *
 * Reports of stages are always listed by replica, then stage; `ofModel` takes the first replica's, which stand for
 * the model, and `requireEqualReplicas` makes sure of that.
 */
import { randomUUID } from 'node:crypto';
import type { ActorSystem } from '../shared/actor/system.ts';
import { SaraError } from '../shared/errors.ts';
import type { ActorClasses, ModelProfile, StageArgs } from '../shared/stage-protocol.ts';
import type { RunPlan } from './plan/run-plan.ts';
import { Replica, type StageRef } from './replica.ts';
import type { RunContext } from './run-context.ts';
import { modelMaskDigest } from './save-checkpoint.ts';
import { stageActorId } from './stage-actor-id.ts';
import { endpointOf, type RegisteredWorker } from './worker-registry.ts';

export type System = ActorSystem<ActorClasses>;

export class WorkerGroup {
  readonly system: System;
  readonly plan: RunPlan;
  readonly replicas: readonly Replica[];
  /** Those that hold a stage. */
  readonly workers: readonly RegisteredWorker[];

  private constructor(
    system: System,
    plan: RunPlan,
    replicas: readonly Replica[],
    workers: readonly RegisteredWorker[],
  ) {
    this.system = system;
    this.plan = plan;
    this.replicas = replicas;
    this.workers = workers;
  }

  /** Spawns every stage of the plan. @throws SaraError of the first that could not be placed; none is left then */
  static async place(
    context: RunContext,
    system: System,
    plan: RunPlan,
    workers: readonly RegisteredWorker[],
    { baseHash, encoding }: ModelProfile,
  ): Promise<WorkerGroup> {
    const workerOf = new Map(workers.map((worker) => [worker.name, worker]));
    const numActorsOn = (name: string): number =>
      plan.placements.filter(({ worker }) => worker === name).length;
    const placements = plan.placements.map(({ stage, replica, worker: name }) => {
      const worker = workerOf.get(name)!;
      const args: StageArgs = {
        run: context.run,
        configJson: context.configJson,
        runFolder: context.runFolder,
        stage,
        numStages: plan.numStages,
        replica,
        numReplicas: plan.numReplicas,
        segments: plan.segments,
        baseHash,
        encoderHashes: encoding?.hashes ?? null,
        microBatchSize: plan.microBatchSize,
        numThreads:
          context.config.engine.numThreads ?? Math.max(1, Math.floor(worker.numThreads / numActorsOn(name))),
      };
      return {
        worker: endpointOf(worker),
        className: 'StageActor' as const,
        args,
        options: { signal: context.signal, actorId: stageActorId(stage, replica, randomUUID()) },
      };
    });
    const refs = await system.spawnGroup(placements);
    const replicas = Array.from({ length: plan.numReplicas }, (_, replica) => {
      const stages: StageRef[] = [];
      plan.placements.forEach((placement, i) => {
        if (placement.replica === replica) stages[placement.stage] = refs[i];
      });
      return new Replica({
        stages,
        free: (...objects) => {
          system.free(...objects);
        },
      });
    });
    return new WorkerGroup(
      system,
      plan,
      replicas,
      workers.filter(({ name }) => numActorsOn(name) > 0),
    );
  }

  /** By replica, then stage. */
  get stages(): readonly StageRef[] {
    return this.replicas.flatMap((replica) => replica.stages);
  }

  /** One report per stage of the model. */
  ofModel<T>(reports: readonly T[]): T[] {
    return reports.slice(0, this.plan.numStages);
  }

  /** @throws SaraError REPLICAS_DIVERGED when a replica's stage has other values than the same stage of replica 0 */
  requireEqualStates(reports: readonly { readonly stateDigest: string }[]): void {
    const { numStages } = this.plan;
    for (const [i, { stateDigest }] of reports.entries()) {
      const stage = i % numStages;
      const first = reports[stage].stateDigest;
      if (stateDigest === first) continue;
      const replica = Math.floor(i / numStages);
      throw new SaraError(
        'REPLICAS_DIVERGED',
        `stage ${stage} has values ${first} in replica 0 and ${stateDigest} in replica ${replica}`,
        { stage, replica },
      );
    }
  }

  /** @throws SaraError MASK_DIVERGED when a replica's stage has another mask than the same stage of replica 0 */
  requireEqualReplicas(reports: readonly { maskDigest: string }[]): void {
    const { numStages } = this.plan;
    for (const [i, { maskDigest }] of reports.entries()) {
      const first = reports[i % numStages].maskDigest;
      if (maskDigest === first) continue;
      const stage = i % numStages;
      const replica = Math.floor(i / numStages);
      throw new SaraError(
        'MASK_DIVERGED',
        `stage ${stage} has mask ${first} in replica 0 and ${maskDigest} in replica ${replica}`,
        {
          stage,
          replica,
        },
      );
    }
  }

  /** One digest for the model's mask: that of the only stage, or a hash over those of all stages in order. */
  maskDigest(reports: readonly { maskDigest: string }[]): string {
    return modelMaskDigest(this.ofModel(reports).map(({ maskDigest }) => maskDigest));
  }
}

export function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
