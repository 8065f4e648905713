/**
 * The sum of a stage's compact gradient over all replicas: reduce-scatter, then all-gather, through NATS.
 *
 *   announce        every replica tells the others its step and mask digest; receipts from all are the barrier
 *   reduce-scatter  each sends every other the part of its values that the other sums          (R-1)/R of the vector
 *   sum             in replica order, so that the result is the same bits wherever it is computed
 *   all-gather      each sends its part of the sum to all, once; NATS copies it                      1/R of the vector
 *
 * Values travel in mask order, never indices: the mask digest proves that both ends mean the same weights. Every
 * chunk is repeated until its addressees have sent a receipt (receipted-delivery.ts), and taken once (step-exchange.ts),
 * so loss, repetition and reordering change nothing.
 *
 * A replica answers for the step it is in, and for the step it did last, whose senders may have missed its receipts.
 * Replaying a step takes a new generation, and so a new exchange.
 */
import type { Clock } from '../../shared/clock.ts';
import { abortReason, systemClock } from '../../shared/clock.ts';
import { asSaraError, SaraError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { NatsLink } from '../../shared/messaging/connection.ts';
import { SUBJECTS } from '../../shared/messaging/subjects.ts';
import type { ExchangePhase, SparseChunk, WireDType } from '../../shared/rpc/exchange-codec.ts';
import { sparseChunkCodec, sparseChunkReceiptCodec } from '../../shared/rpc/exchange-codec.ts';
import type { ChunkTransport } from './chunk-transport.ts';
import { natsTransport } from './chunk-transport.ts';
import { ReceiptedDelivery } from './receipted-delivery.ts';
import type { Range } from './segments.ts';
import { chunksOf, segmentsOf } from './segments.ts';
import { StepExchange } from './step-exchange.ts';
import { encodeValues } from './wire-values.ts';

/** Flat from 16 KiB to 1 MiB; larger ones hold up whatever shares the connection. */
const MAX_CHUNK_BYTES = 512 * 1024;
/** Room for a chunk's header below the server's max_payload. */
const HEADER_BYTES = 1024;
/**
 * What all senders together may have on the way to one replica: several times what a fast link holds, and far from the
 * 64 MB at which the server drops a client.
 */
const MAX_INBOUND_BYTES = 8 * 1024 * 1024;

/** Which replica of which stage this is. */
export interface ExchangeMember {
  readonly run: string;
  readonly generation: number;
  readonly stage: number;
  readonly replica: number;
  readonly numReplicas: number;
}

export interface ExchangeOptions {
  /** float16 halves the bytes; values beyond 65504 become infinite, and the step fails as not finite. */
  readonly wire: WireDType;
  /** Longest time a sum may take, from the first replica that comes to the last value, in ms. */
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface SumPosition {
  readonly step: number;
  /** SHA-256 of the mask that orders the values, 64 hexadecimal digits. */
  readonly maskDigest: string;
  readonly signal?: AbortSignal;
}

export class SparseAllReduce {
  readonly #member: ExchangeMember;
  readonly #options: ExchangeOptions;
  readonly #transport: ChunkTransport | null;
  readonly #delivery: ReceiptedDelivery | null;
  readonly #unsubscribe: (() => void)[] = [];
  #current: { exchange: StepExchange; failing: AbortController; isThrough: boolean } | null = null;
  #lastStep: number | null = null;
  /** Why the last step ended, when it ended by a refusal: others who come to it later are told the same. */
  #refused: { readonly step: number; readonly refusal: SaraError } | null = null;
  #result = new Float32Array(0);
  #numDropped = 0;

  /**
   * Takes part in the exchange of a stage.
   * @param link may be null when there is one replica
   * @throws SaraError NATS_UNAVAILABLE
   */
  static async join(
    link: NatsLink | null,
    member: ExchangeMember,
    options: ExchangeOptions,
  ): Promise<SparseAllReduce> {
    return SparseAllReduce.joinOver(link === null ? null : natsTransport(link), member, options);
  }

  /** As join, over any transport. */
  static async joinOver(
    transport: ChunkTransport | null,
    member: ExchangeMember,
    options: ExchangeOptions,
  ): Promise<SparseAllReduce> {
    if (member.numReplicas > 1 && transport === null) {
      throw new SaraError(
        'INTERNAL',
        `${member.numReplicas} replicas need a connection to NATS to exchange gradients`,
      );
    }
    const exchange = new SparseAllReduce(member, options, member.numReplicas > 1 ? transport : null);
    // Nobody may count on us before the server knows what we listen to.
    await exchange.#transport?.flush();
    return exchange;
  }

  private constructor(member: ExchangeMember, options: ExchangeOptions, transport: ChunkTransport | null) {
    this.#member = member;
    this.#options = options;
    this.#transport = transport;
    if (transport === null) {
      this.#delivery = null;
      return;
    }
    const { run, generation, stage, replica, numReplicas } = member;
    this.#delivery = new ReceiptedDelivery(transport, {
      windowBytes: MAX_INBOUND_BYTES / (numReplicas - 1),
      clock: options.clock ?? systemClock,
    });
    const subjects = [
      SUBJECTS.exchangeTo(run, generation, stage, replica),
      SUBJECTS.exchangeAll(run, generation, stage),
    ];
    for (const subject of subjects) {
      this.#unsubscribe.push(
        transport.subscribe(subject, (data, _subject, replyTo) => {
          this.#onChunk(data, replyTo);
        }),
      );
    }
  }

  /** Bytes sent so far, repetitions included. */
  get sentBytes(): number {
    return this.#delivery?.sentBytes ?? 0;
  }

  /** Chunks sent again so far. */
  get numResent(): number {
    return this.#delivery?.numResent ?? 0;
  }

  /** Messages that were no chunk of this exchange. */
  get numDropped(): number {
    return this.#numDropped;
  }

  /**
   * The sum over replicas 0, 1, ... in that order, the same bits on all of them.
   * @param values this replica's gradient, float32, one per entry of the mask; not changed
   * @returns with one replica `values` itself; else an array that the next call overwrites
   * @throws SaraError MASK_DIVERGED when a replica has another mask; DEADLINE_EXCEEDED naming who is missing;
   *   NATS_UNAVAILABLE when the connection is down at the deadline; the signal's reason
   */
  async sum(values: Float32Array, at: SumPosition): Promise<Float32Array> {
    const delivery = this.#delivery;
    if (delivery === null) return values;
    if (this.#current !== null)
      throw new SaraError('INTERNAL', 'one sum at a time: the one before is not done');
    if (this.#result.length !== values.length) this.#result = new Float32Array(values.length);
    const { replica, numReplicas } = this.#member;
    const exchange = new StepExchange({
      replica,
      step: at.step,
      maskDigest: at.maskDigest,
      wire: this.#options.wire,
      values,
      result: this.#result,
      segments: segmentsOf(values.length, numReplicas),
    });
    const failing = new AbortController();
    const current = { exchange, failing, isThrough: false };
    this.#current = current;
    const stopWatching = this.#failInTime(exchange, failing, at.signal);
    try {
      await unlessFailed(this.#run(delivery, current, values), failing.signal);
      this.#lastStep = at.step;
      return this.#result;
    } catch (thrown) {
      const error = asSaraError(thrown);
      delivery.fail(error);
      throw error;
    } finally {
      stopWatching();
      this.#current = null;
    }
  }

  async #run(
    delivery: ReceiptedDelivery,
    current: { readonly exchange: StepExchange; isThrough: boolean },
    values: Float32Array,
  ): Promise<void> {
    const { exchange } = current;
    const { run, generation, stage, replica, numReplicas } = this.#member;
    const others = Array.from({ length: numReplicas }, (_, other) => other).filter(
      (other) => other !== replica,
    );
    const segments = segmentsOf(values.length, numReplicas);
    const toAll = SUBJECTS.exchangeAll(run, generation, stage);
    const send = (
      phase: ExchangePhase,
      subject: string,
      addressees: number[],
      of: Float32Array,
      range: Range,
    ) =>
      delivery.send({
        subject,
        addressees,
        isTimed: phase !== 'announce',
        sizeBytes: of.byteLength + HEADER_BYTES,
        encode: () => this.#encode(exchange, phase, of, range),
      });

    await send('announce', toAll, others, new Float32Array(0), { begin: 0, end: 0 });
    current.isThrough = true;

    const scattered = others.flatMap((other) =>
      this.#chunks(segments[other]).map((range) => {
        const part = values.subarray(range.begin, range.end);
        return send(
          'reduce-scatter',
          SUBJECTS.exchangeTo(run, generation, stage, other),
          [other],
          part,
          range,
        );
      }),
    );
    const spread = exchange.contributed.then(() => {
      const sum = exchange.sumOwnSegment();
      const own = segments[replica];
      return Promise.all(
        this.#chunks(own).map((range) => {
          const part = sum.subarray(range.begin - own.begin, range.end - own.begin);
          return send('all-gather', toAll, others, part, range);
        }),
      );
    });
    await Promise.all([...scattered, spread, exchange.gathered]);
  }

  #chunks(range: Range): Range[] {
    const maxPayloadBytes = this.#transport?.maxPayloadBytes ?? MAX_CHUNK_BYTES;
    const chunkBytes = Math.min(MAX_CHUNK_BYTES, maxPayloadBytes - HEADER_BYTES);
    return chunksOf(range, Math.max(1, Math.floor(chunkBytes / (this.#options.wire === 'float32' ? 4 : 2))));
  }

  #encode(exchange: StepExchange, phase: ExchangePhase, values: Float32Array, range: Range): Uint8Array {
    const { run, generation, stage, replica } = this.#member;
    const { wire } = this.#options;
    return sparseChunkCodec.encode({
      run,
      generation,
      stage,
      step: exchange.step,
      phase,
      from: replica,
      maskDigest: exchange.maskDigest,
      vectorLength: exchange.vectorLength,
      offset: range.begin,
      dtype: wire,
      payload: encodeValues(values, wire),
    });
  }

  /** Called by NATS for every message on our subjects. Never throws. */
  #onChunk(data: Uint8Array, replyTo: string | null): void {
    let chunk: SparseChunk;
    try {
      chunk = sparseChunkCodec.decode(data);
    } catch {
      this.#numDropped++;
      return;
    }
    const { run, generation, stage, replica } = this.#member;
    // Our own announcements and sums come back on the subject of all.
    if (chunk.from === replica) return;
    if (chunk.run !== run || chunk.generation !== generation || chunk.stage !== stage) {
      this.#numDropped++;
      return;
    }
    const answer = (refusal: SaraError | null): void => {
      if (replyTo === null) return;
      this.#transport?.publish(replyTo, sparseChunkReceiptCodec.encode({ replica, refusal }));
    };
    const current = this.#current;
    if (current?.exchange.step !== chunk.step) {
      if (chunk.step === this.#refused?.step) answer(this.#refused.refusal);
      else if (chunk.step === this.#lastStep) answer(null);
      return;
    }
    const refusal = this.#take(chunk, current.exchange);
    answer(refusal);
    if (refusal !== null) {
      this.#refused = { step: chunk.step, refusal };
      current.failing.abort(refusal);
    }
    // It may have missed what we sent before it came.
    else if (chunk.phase === 'announce' && !current.isThrough) this.#delivery?.repeatFor(chunk.from);
  }

  /** @returns why the exchange must end, or null */
  #take(chunk: SparseChunk, exchange: StepExchange): SaraError | null {
    const { stage, replica } = this.#member;
    if (chunk.maskDigest !== exchange.maskDigest || chunk.vectorLength !== exchange.vectorLength) {
      return new SaraError(
        'MASK_DIVERGED',
        `stage ${stage}, step ${chunk.step}: replica ${chunk.from} has ${chunk.vectorLength} entries of mask ${chunk.maskDigest.slice(0, 12)}, ` +
          `replica ${replica} has ${exchange.vectorLength} of mask ${exchange.maskDigest.slice(0, 12)}`,
        { stage, step: chunk.step, from: chunk.from, theirs: chunk.maskDigest, ours: exchange.maskDigest },
      );
    }
    if (chunk.phase === 'announce') return null;
    try {
      exchange.accept(chunk);
      return null;
    } catch (error) {
      return asSaraError(error);
    }
  }

  /** Makes `failing` abort at the deadline or with the caller. @returns ends that */
  #failInTime(exchange: StepExchange, failing: AbortController, signal: AbortSignal | undefined): () => void {
    const done = new AbortController();
    const onAbort = (): void => {
      failing.abort(abortReason(signal));
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    (this.#options.clock ?? systemClock).sleep(this.#options.timeoutMs, done.signal).then(
      () => {
        failing.abort(this.#deadlineError(exchange));
      },
      () => undefined,
    );
    return () => {
      done.abort();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  #deadlineError(exchange: StepExchange): SaraError {
    const { stage, replica } = this.#member;
    const { timeoutMs } = this.#options;
    const missing = exchange.missing.join(', ');
    const away = this.#transport?.connected === false;
    return new SaraError(
      away ? 'NATS_UNAVAILABLE' : 'DEADLINE_EXCEEDED',
      `sum of stage ${stage}, step ${exchange.step} on replica ${replica}: ${away ? 'NATS is away and ' : ''}values of replicas ${missing} are missing after ${timeoutMs} ms`,
      { stage, step: exchange.step, replica, missing, timeoutMs },
    );
  }

  /** Takes no part any more; a sum that is under way fails with CANCELLED. */
  async leave(): Promise<void> {
    const left = new SaraError('CANCELLED', `replica ${this.#member.replica} has left the exchange`);
    this.#current?.failing.abort(left);
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#delivery?.close(left);
    return Promise.resolve();
  }
}

/** The work's outcome, or the signal's reason if that comes first. */
function unlessFailed(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
