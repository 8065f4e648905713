/**
 * Both ends of moving an object between processes: the service that streams what a store holds, and the puller
 * that fetches by ref. The consumer is the gRPC client: only a client can enlarge its receive window.
 */
import { faultPoint } from '../fault-point.ts';
import type { CallOptions, ChannelSecurity } from '../rpc/channel.ts';
import { Channel } from '../rpc/channel.ts';
import type { ServiceBinding } from '../rpc/server.ts';
import { bindService } from '../rpc/server.ts';
import { inSpan } from '../observe/tracing.ts';
import { TENSOR_STORE_SERVICE } from '../rpc/services.ts';
import type { TensorBundle } from '../rpc/tensor-frame.ts';
import { BundleAssembler, bundleChunks } from '../rpc/tensor-frame.ts';
import type { ObjectRef } from './object-ref.ts';
import type { ObjectStore } from './object-store.ts';

/** Serves PullTensors from a store. @param onSent told the size of what somebody begins to pull */
export function tensorStoreService(
  store: ObjectStore,
  onSent: (sizeBytes: number) => void = () => undefined,
): ServiceBinding {
  return bindService(TENSOR_STORE_SERVICE, {
    pullTensors: ({ objectId }) => {
      const { bundle, tag, sizeBytes } = store.get(objectId);
      onSent(sizeBytes);
      return interruptible(bundleChunks(bundle, tag), tag.step);
    },
  });
}

/** The same chunks; a test may have the worker end between them. */
function* interruptible<T>(chunks: Iterable<T>, step: number): Generator<T> {
  for (const chunk of chunks) {
    yield chunk;
    faultPoint('transfer', step);
  }
}

/** Pulls objects; keeps one tensor connection per process it has pulled from. */
export class TensorPuller {
  readonly #security: ChannelSecurity | undefined;
  readonly #onReceived: (sizeBytes: number) => void;
  readonly #channels = new Map<string, Channel>();

  /** @param onReceived told the size of every object that has come */
  constructor(security?: ChannelSecurity, onReceived: (sizeBytes: number) => void = () => undefined) {
    this.#security = security;
    this.#onReceived = onReceived;
  }

  /**
   * @throws SaraError OBJECT_GONE, ACTOR_DIED when the holder cannot be reached, FRAME_INVALID when what comes is
   *   not what the ref promised
   */
  pull(ref: ObjectRef, options: CallOptions = {}): Promise<TensorBundle> {
    const { sizeBytes, address } = ref;
    return inSpan('pull', { sizeBytes, from: address }, () => this.#pull(ref, options));
  }

  async #pull(ref: ObjectRef, options: CallOptions): Promise<TensorBundle> {
    const assembler = new BundleAssembler(ref.sizeBytes);
    const chunks = this.#channel(ref.address).serverStream(
      TENSOR_STORE_SERVICE.pullTensors,
      { objectId: ref.id },
      options,
    );
    for await (const chunk of chunks) assembler.add(chunk);
    const bundle = assembler.finish();
    this.#onReceived(ref.sizeBytes);
    return bundle;
  }

  #channel(address: string): Channel {
    let channel = this.#channels.get(address);
    if (channel === undefined) {
      const peer = { description: `object holder at ${address}`, unreachableCode: 'ACTOR_DIED' } as const;
      channel = new Channel(address, 'tensor', peer, this.#security);
      this.#channels.set(address, channel);
    }
    return channel;
  }

  /** Closes the connections; pulls that are under way end with CANCELLED or ACTOR_DIED. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }
}
