/**
 * What the coordinator asks of the actors on a worker: the one place where a training step's calls, arguments and
 * results are defined. The coordinator's run driver is the only caller, worker/{model,stage,artifact}-actor.ts answer.
 *
 * Tensors never pass through the driver: a result names the bundles a stage has put into its worker's object store
 * (ObjectRef), and the driver hands those names to the stages that pull them.
 */
import type { ActorClass } from './actor/protocol.ts';
import type { ObjectRef } from './actor/object-ref.ts';

/** Where a run reads and writes; every worker sees the same folders (one machine, or a shared volume). */
export interface RunPlace {
  readonly run: string;
  /** The complete run configuration, as serializeRunConfig writes it. */
  readonly configJson: string;
  /** Absolute folder of this run's results. */
  readonly runFolder: string;
}

/** Cost of one UNet block for one micro-batch; all figures from shapes, nothing is run. */
export interface BlockCost {
  readonly name: string;
  /** Multiply-adds counted twice, forward only. */
  readonly flops: number;
  readonly parameterCount: number;
  /** As held while training: float32. */
  readonly parameterBytes: number;
  /** Of them, the largest tensor. */
  readonly largestTensorBytes: number;
  /** Outputs of all the block's nodes together: what its backward pass may keep. */
  readonly activationBytes: number;
}

/** A value that one block computes and others read. */
export interface BlockEdge {
  readonly from: string;
  readonly to: readonly string[];
  readonly sizeBytes: number;
}

/** What names the kept results of a model's frozen encoders: hashes over their weights. */
export interface EncoderHashes {
  readonly vae: string;
  /** Of all text encoders. */
  readonly text: string;
}

/** What a run encodes before its first step and keeps. */
export interface EncodingPlan {
  readonly hashes: EncoderHashes;
  /** Pictures, in every variant they can be drawn in, and captions. */
  readonly numItems: number;
}

export interface ModelProfile {
  /** In execution order; the last one computes the loss. */
  readonly blocks: readonly BlockCost[];
  readonly edges: readonly BlockEdge[];
  readonly parameterCount: number;
  readonly baseHash: string;
  /** null: the run keeps nothing. */
  readonly encoding: EncodingPlan | null;
  /** Weights of frozen encoders that the stage of segment 0 holds while it trains. */
  readonly residentEncoderBytes: number;
  readonly numTrainingExamples: number;
  /** Pairs of held-out image and timestep that the validation loss is the mean of; 0 without a held-out set. */
  readonly numValidationSamples: number;
  /** Images left out, with the reason, when data.onBrokenImage is `skip`. */
  readonly skippedImages: readonly { readonly path: string; readonly reason: string }[];
  /** Sentences on what lies beside the pictures unused, and on pictures that are used otherwise than one may think. */
  readonly dataRemarks: readonly string[];
}

export interface ModelProtocol {
  profile: { args: Record<string, never>; result: ModelProfile };
}

/** A contiguous run of blocks in execution order; segment i of a folded plan. */
export interface SegmentSpec {
  readonly stage: number;
  readonly blocks: readonly string[];
}

export interface StageArgs extends RunPlace {
  readonly stage: number;
  readonly numStages: number;
  readonly replica: number;
  readonly numReplicas: number;
  /** All segments of the replica in execution order. */
  readonly segments: readonly SegmentSpec[];
  /** Of the base UNet, from ModelProfile. */
  readonly baseHash: string;
  /** From the profile's encoding plan. */
  readonly encoderHashes: EncoderHashes | null;
  /** Samples per micro-batch. */
  readonly microBatchSize: number;
  /** Engine threads of this actor. */
  readonly numThreads: number;
}

export interface EncoderArgs extends RunPlace {
  readonly encoderHashes: EncoderHashes;
  readonly numThreads: number;
}

/** Encodes a part of what the run keeps; any number of them, on any workers, share the list. */
export interface EncoderProtocol {
  /** Items [from, to) of the list, which is the same everywhere; those on disk already are only checked. */
  encode: {
    args: { from: number; to: number };
    /** One sentence for every result that was damaged and made again. */
    result: { damaged: readonly string[] };
  };
}

/** How the trained entries are found at the start. */
export type SelectionSource =
  | { readonly kind: 'threshold'; readonly threshold: number }
  | { readonly kind: 'everything' }
  /** All stage files of a checkpoint; each stage takes its own tensors from them. */
  | { readonly kind: 'checkpoint'; readonly files: readonly string[]; readonly threshold: number | null };

export interface SelectionReport {
  readonly trainableCount: number;
  readonly parameterCount: number;
  /** Of the active mask, the entries that go on training. */
  readonly maskDigest: string;
  readonly numReselections: number;
  /** Names of this stage's rank-term candidates. */
  readonly rankCandidates: readonly string[];
  /** Peak rate: the configured one, or equation 12's for the threshold. */
  readonly learningRate: number;
  /** Step to train next: 0, or the checkpoint's. */
  readonly step: number;
}

export type TaskKind =
  /** Forward of a segment that another follows. */
  | 'forward'
  /** Forward and backward of the last segment as one program. */
  | 'loss'
  /** Backward of a segment, its forward recomputed. */
  | 'backward'
  /** Forward of the last segment up to the loss, nothing differentiated. */
  | 'evaluate';

/** Which samples a micro-batch holds: of the training order at `step`, or of the held-out set. */
export interface BatchSpec {
  readonly purpose: 'training' | 'validation';
  readonly step: number;
  /** Within the replica's share of the step (training) or of the whole held-out set (validation). */
  readonly microBatch: number;
}

/** Of the UNet's input: latents, or pixels where it works on pixels. All of a step's micro-batches have one. */
export interface InputSize {
  readonly height: number;
  readonly width: number;
}

export interface TaskResult {
  /** Bundles for other stages, by stage number; what this stage itself reads later stays with it. */
  readonly outgoing: Readonly<Record<string, ObjectRef>>;
  /** Mean over the micro-batch; null unless the task computes the loss. */
  readonly loss: number | null;
}

export interface GradientReport {
  /** Of this stage's compact gradient after averaging, reduction over replicas and rank term. */
  readonly squaredNorm: number;
  readonly isFinite: boolean;
  readonly maskDigest: string;
  /** Of the trained values, by which replicas are compared; '' where there is one replica. */
  readonly stateDigest: string;
  /** Name of the matrix whose rank term was added here, if any, and its nuclear norm. */
  readonly rankMatrix: string | null;
  readonly nuclearNorm: number | null;
}

export interface ReselectionReport {
  readonly trainableCount: number;
  readonly releasedCount: number;
  readonly maskDigest: string;
}

/** Where a stage stands when it has carried out all that its run has committed. */
export interface StagePosition {
  /** Updates applied. */
  readonly step: number;
  readonly baseHash: string;
  /** Resolved selection threshold; null for method full. */
  readonly threshold: number | null;
  readonly numReselections: number;
  readonly maskDigest: string;
  /** Of the trained values. */
  readonly stateDigest: string;
}

export interface StageProtocol {
  /**
   * Counts of |w| over this stage's tensors: by the upper bits of the float32 pattern (upperBin null), or within
   * that bin by the lower bits. For the exact global quantile of `sara.fraction`.
   */
  magnitudeHistogram: { args: { upperBin: number | null }; result: { counts: ObjectRef } };
  /** Adds all stages' histograms: after the first pass the bin to look into, after the second the threshold. */
  resolveThreshold: {
    args: { fraction: number; upper: readonly ObjectRef[]; lower: readonly ObjectRef[] };
    result: { upperBin: number | null; threshold: number | null };
  };
  /** Fixes mask and values and compiles the stage's programs. */
  select: { args: { source: SelectionSource }; result: SelectionReport };
  /** Only the stage that owns segment 0: loads images, draws noise and timesteps, encodes captions. */
  prepareBatch: {
    args: { batch: BatchSpec };
    result: { outgoing: Readonly<Record<string, ObjectRef>>; size: InputSize };
  };
  runTask: {
    /** `size` is what prepareBatch answered for this batch. */
    args: {
      kind: TaskKind;
      segment: number;
      batch: BatchSpec;
      size: InputSize;
      incoming: readonly ObjectRef[];
    };
    result: TaskResult;
  };
  /** Ends accumulation of step `step`: mean over the global batch, sum over replicas, rank term. */
  finishGradients: { args: { step: number; rankCandidates: readonly string[] }; result: GradientReport };
  /**
   * After the commit of step `step`: clipping and AdamW on the compact vector. Asked again for a step already
   * applied, it changes nothing.
   */
  applyUpdate: {
    args: { step: number; squaredNorms: readonly number[] };
    result: { learningRate: number; gradientNorm: number };
  };
  /** Computes the next mask without switching to it; the coordinator publishes the digests of all stages. */
  prepareReselection: { args: { step: number }; result: ReselectionReport };
  /** Switches to the prepared mask with this digest. */
  commitReselection: { args: { step: number; maskDigest: string }; result: ReselectionReport };
  /**
   * Brings a stage whose driver is gone to where its run stands, so that its state can be saved: what was committed is
   * carried out, what was not is dropped. Asked again, it changes nothing.
   */
  settle: {
    args: {
      /** Of the run. */
      committedSteps: number;
      /** Of the last committed step, by stage. */
      squaredNorms: readonly number[];
      /** The stage's part of the re-selection that the run has committed last; null when there was none. */
      reselection: { step: number; maskDigest: string } | null;
    };
    result: StagePosition;
  };
  /** Drops gradients and frames of an unfinished step. */
  abortStep: { args: { step: number }; result: Record<string, never> };
  /** Writes this stage's trained values, indices and moments to `file` (atomic). `digest`: SHA-256 of the file. */
  checkpoint: {
    args: { file: string };
    result: { sizeBytes: number; digest: string; maskDigest: string };
  };
  /**
   * All values this stage ever trained (averaged where optimizer.ema is on): a bundle { `<name>.indices`,
   * `<name>.values` }, without indices where every entry of the tensor was trained.
   */
  exportValues: { args: Record<string, never>; result: { values: ObjectRef } };
  peakMemory: { args: Record<string, never>; result: { rssBytes: number; peakRssBytes: number } };
}

export interface ArtifactArgs extends RunPlace {
  /** Of the base UNet, from ModelProfile. */
  readonly baseHash: string;
  readonly numThreads: number;
}

export interface Artifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export interface ArtifactProtocol {
  /** adapter.safetensors and, as configured, the merged model folder. */
  writeModel: {
    args: {
      values: readonly ObjectRef[];
      step: number;
      threshold: number | null;
      /** Peak rate, from SelectionReport. */
      learningRate: number;
      numReselections: number;
    };
    result: { artifacts: readonly Artifact[] };
  };
  /** previews/step-00000500.png: preview prompts and seeds as the model draws them now. */
  renderPreview: {
    args: { values: readonly ObjectRef[]; step: number };
    result: { artifacts: readonly Artifact[] };
  };
  /** samples.png: preview prompts and seeds, base above fine-tuned. */
  renderSamples: { args: Record<string, never>; result: { artifacts: readonly Artifact[] } };
  /** loss.svg and loss.png from the run's history. */
  renderLoss: {
    args: {
      training: readonly { step: number; loss: number }[];
      validation: readonly { step: number; loss: number }[];
    };
    result: { artifacts: readonly Artifact[] };
  };
}

/** Every actor class a worker can spawn. */
export interface ActorClasses {
  ModelActor: ActorClass<RunPlace, ModelProtocol>;
  EncoderActor: ActorClass<EncoderArgs, EncoderProtocol>;
  StageActor: ActorClass<StageArgs, StageProtocol>;
  ArtifactActor: ActorClass<ArtifactArgs, ArtifactProtocol>;
}
