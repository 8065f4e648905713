/**
 * One step's exchange on one replica: what has come from the others and what they sum to.
 *
 * Invariants:
 * 1. Memory is allocated for this step's own vector only, never by a number in a message.
 * 2. Chunks may come in any order and any number of times; each entry is taken once.
 * 3. The own segment is summed in replica order, ((v0 + v1) + v2) + ..., in float32: floating-point addition does not
 *    associate, so the order is part of the result.
 */
import { SaraError } from '../../shared/errors.ts';
import type { SparseChunk, WireDType } from '../../shared/rpc/exchange-codec.ts';
import type { Range } from './segments.ts';
import { decodeValues, roundToWire } from './wire-values.ts';

/** Where a range of values from one sender is put together. */
class RangeInbox {
  readonly #range: Range;
  readonly #target: Float32Array;
  readonly #lengths = new Map<number, number>();
  #numMissing: number;
  readonly #onComplete: () => void;

  constructor(range: Range, target: Float32Array, onComplete: () => void) {
    this.#range = range;
    this.#target = target;
    this.#numMissing = range.end - range.begin;
    this.#onComplete = onComplete;
  }

  get isComplete(): boolean {
    return this.#numMissing === 0;
  }

  /** @throws SaraError FRAME_INVALID when the chunk is outside the range or contradicts one that came before */
  add(chunk: SparseChunk, numValues: number): void {
    const { begin, end } = this.#range;
    const known = this.#lengths.get(chunk.offset);
    if (known === numValues) return;
    const isOutside = chunk.offset < begin || chunk.offset + numValues > end || numValues === 0;
    if (known !== undefined || isOutside || numValues > this.#numMissing) {
      throw new SaraError(
        'FRAME_INVALID',
        `${chunk.phase} chunk of replica ${chunk.from}: entries [${chunk.offset}, ${chunk.offset + numValues}) do not fit into [${begin}, ${end}) or overlap`,
        { from: chunk.from, offset: chunk.offset, numValues, begin, end },
      );
    }
    decodeValues(chunk.payload, chunk.dtype, this.#target.subarray(chunk.offset - begin));
    this.#lengths.set(chunk.offset, numValues);
    this.#numMissing -= numValues;
    if (this.#numMissing === 0) this.#onComplete();
  }
}

export interface StepExchangeOptions {
  readonly replica: number;
  readonly step: number;
  readonly maskDigest: string;
  readonly wire: WireDType;
  /** This replica's gradient; not changed. */
  readonly values: Float32Array;
  /** Receives the sum; as long as `values`. */
  readonly result: Float32Array;
  /** Part of the vector each replica sums. */
  readonly segments: readonly Range[];
}

export class StepExchange {
  readonly step: number;
  readonly maskDigest: string;
  readonly vectorLength: number;
  /** Resolves when the others' values of the own segment are there. */
  readonly contributed: Promise<void>;
  /** Resolves when the others' sums are there. */
  readonly gathered: Promise<void>;
  readonly #options: StepExchangeOptions;
  /** The others' values of the own segment, by replica. */
  readonly #contributions = new Map<number, { values: Float32Array; inbox: RangeInbox }>();
  /** The others' sums of their segments, by replica. */
  readonly #sums = new Map<number, RangeInbox>();

  constructor(options: StepExchangeOptions) {
    const { replica, segments, result } = options;
    this.step = options.step;
    this.maskDigest = options.maskDigest;
    this.vectorLength = options.values.length;
    this.#options = options;
    const own = segments[replica];
    const contributed = new Countdown();
    const gathered = new Countdown();
    for (const [other, segment] of segments.entries()) {
      if (other === replica) continue;
      const values = new Float32Array(own.end - own.begin);
      const inbox = new RangeInbox(own, values, contributed.expectOne(values.length > 0));
      this.#contributions.set(other, { values, inbox });
      const target = result.subarray(segment.begin, segment.end);
      this.#sums.set(other, new RangeInbox(segment, target, gathered.expectOne(target.length > 0)));
    }
    this.contributed = contributed.start();
    this.gathered = gathered.start();
  }

  /** Replicas from which something is missing. */
  get missing(): number[] {
    const isDone = (replica: number): boolean =>
      this.#contributions.get(replica)?.inbox.isComplete === true &&
      this.#sums.get(replica)?.isComplete === true;
    return [...this.#sums.keys()].filter((replica) => !isDone(replica));
  }

  /**
   * Takes the values of a chunk.
   * @throws SaraError FRAME_INVALID when they cannot be part of this exchange
   */
  accept(chunk: SparseChunk): void {
    const numValues = chunk.payload.length / (chunk.dtype === 'float32' ? 4 : 2);
    const inbox =
      chunk.phase === 'reduce-scatter'
        ? this.#contributions.get(chunk.from)?.inbox
        : this.#sums.get(chunk.from);
    if (inbox === undefined || chunk.dtype !== this.#options.wire) {
      throw new SaraError(
        'FRAME_INVALID',
        `no ${chunk.phase} chunk in ${chunk.dtype} is expected from replica ${chunk.from}`,
        {
          from: chunk.from,
          dtype: chunk.dtype,
        },
      );
    }
    inbox.add(chunk, numValues);
  }

  /**
   * Sums the own segment, once `contributed`.
   * @returns the sum, a part of the result
   */
  sumOwnSegment(): Float32Array {
    const { replica, segments, values, result, wire } = this.#options;
    const { begin, end } = segments[replica];
    const sum = result.subarray(begin, end);
    const own = values.slice(begin, end);
    roundToWire(own, wire);
    for (let other = 0; other < segments.length; other++) {
      const addend = other === replica ? own : this.#contributions.get(other)?.values;
      if (addend === undefined) throw new SaraError('INTERNAL', `no values of replica ${other}`);
      if (other === 0) sum.set(addend);
      else for (let i = 0; i < sum.length; i++) sum[i] += addend[i];
    }
    roundToWire(sum, wire);
    return sum;
  }
}

/** A promise that resolves after a number of events. */
class Countdown {
  #numExpected = 0;
  #resolve: () => void = () => undefined;

  /** @returns to be called when the event happens; not waited for unless `isExpected` */
  expectOne(isExpected: boolean): () => void {
    if (isExpected) this.#numExpected++;
    return () => {
      if (--this.#numExpected === 0) this.#resolve();
    };
  }

  start(): Promise<void> {
    if (this.#numExpected === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
