/** The actor classes a worker hosts, by name: how each is made and which of its methods can be called. */
import type { ActorRegistry } from '../shared/actor/protocol.ts';
import { SaraError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { NatsLink } from '../shared/messaging/connection.ts';
import type { ActorClasses } from '../shared/stage-protocol.ts';
import { ArtifactActor } from './artifacts/artifact-actor.ts';
import { SparseAllReduce } from './exchange/sparse-all-reduce.ts';
import { ModelActor } from './model-actor.ts';
import { ImageBatchSource } from './stage/batch-source.ts';
import { StageActor } from './stage/stage-actor.ts';
import { openStageSetup } from './stage/stage-setup.ts';

/** Longest wait for the other replicas' gradients of one step. */
const EXCHANGE_TIMEOUT_MS = 600_000;

export interface ActorSurroundings {
  /** The worker's connection; replicas exchange gradients over it. */
  readonly link: NatsLink;
  readonly log: Logger;
}

export function actorRegistry({ link, log }: ActorSurroundings): ActorRegistry<ActorClasses> {
  return {
    ModelActor: {
      methods: { profile: 'serial' },
      create: (_, args) => Promise.resolve(new ModelActor(args)),
    },
    StageActor: {
      methods: {
        magnitudeHistogram: 'serial',
        resolveThreshold: 'serial',
        select: 'serial',
        prepareBatch: 'serial',
        runTask: 'serial',
        finishGradients: 'serial',
        applyUpdate: 'serial',
        prepareReselection: 'serial',
        commitReselection: 'serial',
        abortStep: 'serial',
        checkpoint: 'serial',
        exportValues: 'serial',
        peakMemory: 'concurrent',
      },
      create: async (ctx, args) => {
        const { stage, replica, numReplicas } = args;
        if (args.segments.length === 0)
          throw new SaraError('INTERNAL', `stage ${stage} was given no segments`);
        const setup = await openStageSetup(args);
        const batches = setup.ownSegments.includes(0)
          ? await ImageBatchSource.open({
              config: setup.config,
              model: setup.model,
              engine: setup.engine,
              replica,
              numReplicas,
              microBatchSize: args.microBatchSize,
            })
          : null;
        const exchange = await SparseAllReduce.join(
          numReplicas === 1 ? null : link,
          { run: ctx.run, generation: ctx.generation, stage, replica, numReplicas },
          { wire: 'float32', timeoutMs: EXCHANGE_TIMEOUT_MS, log },
        );
        return new StageActor(setup, exchange, batches);
      },
    },
    ArtifactActor: {
      methods: { writeModel: 'serial', renderSamples: 'serial', renderLoss: 'serial' },
      create: (_, args) => ArtifactActor.create(args),
    },
  };
}
