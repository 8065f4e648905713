/**
 * The actor classes a worker hosts and how each is made, in the thread that is its own. What an actor opens here it
 * closes when it is disposed; when making it fails, its thread ends and takes everything along.
 */
import type { ActorContext, ActorRegistry } from '../shared/actor/protocol.ts';
import { SaraError } from '../shared/errors.ts';
import { connectNats, type NatsAccess, type NatsLink } from '../shared/messaging/connection.ts';
import type { ActorClasses, StageArgs } from '../shared/stage-protocol.ts';
import { ACTOR_METHODS } from './actor-methods.ts';
import { ArtifactActor } from './artifacts/artifact-actor.ts';
import { EncoderActor } from './encoder-actor.ts';
import { SparseAllReduce } from './exchange/sparse-all-reduce.ts';
import { ModelActor } from './model-actor.ts';
import { ImageBatchSource } from './stage/batch-source.ts';
import { StageActor } from './stage/stage-actor.ts';
import { openStageSetup } from './stage/stage-setup.ts';

/** Longest wait for the other replicas' gradients of one step. */
const EXCHANGE_TIMEOUT_MS = 600_000;

/** What a worker hands to the threads of its actors. */
export interface ThreadSurroundings {
  /** As the worker itself reaches NATS. */
  readonly nats: NatsAccess;
}

export function actorRegistry({ nats }: ThreadSurroundings): ActorRegistry<ActorClasses> {
  return {
    ModelActor: {
      methods: ACTOR_METHODS.ModelActor,
      create: (_, args) => Promise.resolve(new ModelActor(args)),
    },
    EncoderActor: {
      methods: ACTOR_METHODS.EncoderActor,
      create: (_, args) => EncoderActor.create(args),
    },
    StageActor: {
      methods: ACTOR_METHODS.StageActor,
      create: (ctx, args) => createStage(ctx, args, nats),
    },
    ArtifactActor: {
      methods: ACTOR_METHODS.ArtifactActor,
      create: (_, args) => ArtifactActor.create(args),
    },
  };
}

async function createStage(ctx: ActorContext, args: StageArgs, nats: NatsAccess): Promise<StageActor> {
  const { stage, replica, numReplicas, microBatchSize, encoderHashes } = args;
  if (args.segments.length === 0) throw new SaraError('INTERNAL', `stage ${stage} was given no segments`);
  const link = numReplicas === 1 ? null : await connectReplica(ctx, nats);
  const setup = await openStageSetup(args);
  const { config, model, engine } = setup;
  const batches = setup.ownSegments.includes(0)
    ? await ImageBatchSource.open({
        config,
        model,
        engine,
        hashes: encoderHashes,
        onDamaged: (message) => {
          ctx.log.warn(message);
        },
        replica,
        numReplicas,
        microBatchSize,
      })
    : null;
  const exchange = await SparseAllReduce.join(
    link,
    { run: ctx.run, generation: ctx.generation, stage, replica, numReplicas },
    { wire: 'float32', timeoutMs: EXCHANGE_TIMEOUT_MS, log: ctx.log },
  );
  const close = async (): Promise<void> => {
    await setup.close();
    await link?.close();
  };
  return new StageActor({ ...setup, close }, exchange, batches);
}

/** Gradients of replicas do not pass through the worker's main thread: the stage that exchanges them is connected. */
function connectReplica(ctx: ActorContext, nats: NatsAccess): Promise<NatsLink> {
  const { worker, actorId, signal, log } = ctx;
  return connectNats({
    ...nats,
    part: 'worker',
    name: `${actorId} on worker ${worker.name}`,
    signal,
    log,
  });
}
