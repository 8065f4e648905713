/**
 * What a stage would cost, from the shapes in the profile: time, memory, and what crosses to other stages.
 *
 * The figures are for comparing cuts and for refusing what cannot fit; they know nothing of what an engine fuses or
 * recomputes.
 */
import type { ModelProfile } from '../../shared/stage-protocol.ts';
import { crossingEdges, indexEdges, type Cut, type IndexedEdge } from './fold.ts';

/** The blocks a stage owns: [outer.encoder, inner.encoder) and [inner.decoder, outer.decoder). */
export interface StageSpan {
  readonly outer: Cut;
  /** Cut to the next stage; null for the last one, which owns all that is inside `outer`. */
  readonly inner: Cut | null;
}

export interface StageCost {
  /** Forward, backward and recomputation of one micro-batch. */
  readonly flops: number;
  /** Frames in and out and their gradients, of one micro-batch. */
  readonly wireBytes: number;
  readonly parameterBytes: number;
  readonly trainedBytes: number;
  readonly activationBytes: number;
  readonly frameBytes: number;
  /** Weights of frozen encoders; of the stage that has the data. */
  readonly encoderBytes: number;
  readonly peakBytes: number;
}

/** Of a backward pass with its forward recomputed: forward, forward again, and twice its work for both gradients. */
const PASSES_WITH_RECOMPUTATION = 4;
/** The last segment runs forward and backward as one program. */
const PASSES_OF_LAST_SEGMENT = 3;

/** Per trained entry: float32 value, gradient and two moments, int32 index. */
const BYTES_PER_TRAINED_ENTRY = 20;

/**
 * Of the values a segment computes, the share that is alive at once at the worst moment: norms and activation functions
 * are computed again in the backward pass, and what is used up makes room.
 */
const ACTIVATIONS_ALIVE = 0.6;

/** Copies of a weight that come and go: axes swapped for an input gradient, iterates of the rank term. */
const WEIGHT_COPIES = 3;

/** What a worker holds besides tensors: one that trains a model of 90 thousand parameters peaks at 220-240 MB. */
export const PROCESS_BYTES = 256 * 1024 * 1024;

export class CostModel {
  readonly #profile: ModelProfile;
  readonly #edges: readonly IndexedEdge[];
  readonly #trainedFraction: number;
  readonly #numInFlight: number;

  /**
   * @param trainedFraction share of the parameters that train, [0, 1]
   * @param numInFlight micro-batches a stage holds inputs of at a time
   */
  constructor(profile: ModelProfile, options: { trainedFraction: number; numInFlight: number }) {
    this.#profile = profile;
    this.#edges = indexEdges(profile);
    this.#trainedFraction = options.trainedFraction;
    this.#numInFlight = options.numInFlight;
  }

  costOf(span: StageSpan): StageCost {
    const segments = segmentsOf(span).map((segment) => this.#segmentCost(segment));
    const sum = (pick: (segment: SegmentCost) => number): number =>
      segments.reduce((total, segment) => total + pick(segment), 0);
    const parameterBytes = sum((segment) => segment.parameterBytes);
    const trainedBytes = Math.ceil(
      sum((segment) => segment.parameterCount) * this.#trainedFraction * BYTES_PER_TRAINED_ENTRY,
    );
    const most = (pick: (segment: SegmentCost) => number): number => Math.max(...segments.map(pick));
    const activationBytes = Math.ceil(
      ACTIVATIONS_ALIVE * most((segment) => segment.activationBytes) +
        WEIGHT_COPIES * most((segment) => segment.largestTensorBytes),
    );
    const encoderBytes = span.outer.encoder === 0 ? this.#profile.residentEncoderBytes : 0;
    const frameBytes = this.#numInFlight * sum((segment) => segment.frameBytes);
    return {
      flops: sum((segment) => segment.flops),
      wireBytes:
        this.#crossingBytes(span.outer) + (span.inner === null ? 0 : this.#crossingBytes(span.inner)),
      parameterBytes,
      trainedBytes,
      activationBytes,
      frameBytes,
      encoderBytes,
      peakBytes: PROCESS_BYTES + parameterBytes + trainedBytes + activationBytes + frameBytes + encoderBytes,
    };
  }

  #segmentCost({ from, to }: Segment): SegmentCost {
    const isLast = to === this.#profile.blocks.length;
    const cost = {
      flops: 0,
      parameterCount: 0,
      parameterBytes: 0,
      largestTensorBytes: 0,
      activationBytes: 0,
      frameBytes: 0,
    };
    for (const block of this.#profile.blocks.slice(from, to)) {
      cost.flops += block.flops * (isLast ? PASSES_OF_LAST_SEGMENT : PASSES_WITH_RECOMPUTATION);
      cost.parameterCount += block.parameterCount;
      cost.parameterBytes += block.parameterBytes;
      cost.largestTensorBytes = Math.max(cost.largestTensorBytes, block.largestTensorBytes);
      cost.activationBytes += block.activationBytes;
    }
    const isHere = (block: number): boolean => from <= block && block < to;
    for (const edge of this.#edges) {
      if (!isHere(edge.from) && edge.to.some(isHere)) cost.frameBytes += edge.sizeBytes;
    }
    return cost;
  }

  /** Each value that crosses goes there once and its gradient comes back once. */
  #crossingBytes(cut: Cut): number {
    return 2 * crossingEdges(this.#edges, cut).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}

interface SegmentCost {
  readonly flops: number;
  readonly parameterCount: number;
  readonly parameterBytes: number;
  readonly largestTensorBytes: number;
  readonly activationBytes: number;
  readonly frameBytes: number;
}

/** Blocks [from, to). */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/** The segments of a stage in execution order: two, or one for the last stage. */
export function segmentsOf({ outer, inner }: StageSpan): Segment[] {
  if (inner === null) return [{ from: outer.encoder, to: outer.decoder }];
  return [
    { from: outer.encoder, to: inner.encoder },
    { from: inner.decoder, to: outer.decoder },
  ];
}

/**
 * Bytes between the stages for one micro-batch: a value that another stage reads goes to that stage once, and each
 * segment that reads it sends a gradient back.
 * @param segmentOf segment of a block by its position
 */
export function wireBytesOf(
  profile: ModelProfile,
  segmentOf: (block: number) => number,
  stageOf: (segment: number) => number,
): number {
  let bytes = 0;
  for (const { from, to, sizeBytes } of indexEdges(profile)) {
    const home = stageOf(segmentOf(from));
    const foreignSegments = new Set(to.map(segmentOf).filter((segment) => stageOf(segment) !== home));
    const foreignStages = new Set([...foreignSegments].map(stageOf));
    bytes += sizeBytes * (foreignSegments.size + foreignStages.size);
  }
  return bytes;
}
