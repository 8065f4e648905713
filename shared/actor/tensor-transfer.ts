/**
 * Both ends of moving an object between processes: the service that streams what a store holds, and the puller
 * that fetches by ref. The consumer is the gRPC client: only a client can enlarge its receive window.
 */
import { faultPoint } from '../fault-point.ts';
import type { CallOptions, ChannelSecurity } from '../rpc/channel.ts';
import { Channel } from '../rpc/channel.ts';
import type { ServiceBinding } from '../rpc/server.ts';
import { bindService } from '../rpc/server.ts';
import { TENSOR_STORE_SERVICE } from '../rpc/services.ts';
import type { TensorBundle } from '../rpc/tensor-frame.ts';
import { BundleAssembler, bundleChunks } from '../rpc/tensor-frame.ts';
import type { ObjectRef } from './object-ref.ts';
import type { ObjectStore } from './object-store.ts';

/** Serves PullTensors from a store. */
export function tensorStoreService(store: ObjectStore): ServiceBinding {
  return bindService(TENSOR_STORE_SERVICE, {
    pullTensors: ({ objectId }) => {
      const { bundle, tag } = store.get(objectId);
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
  readonly #channels = new Map<string, Channel>();

  constructor(security?: ChannelSecurity) {
    this.#security = security;
  }

  /**
   * @throws SaraError OBJECT_GONE, ACTOR_DIED when the holder cannot be reached, FRAME_INVALID when what comes is
   *   not what the ref promised
   */
  async pull(ref: ObjectRef, options: CallOptions = {}): Promise<TensorBundle> {
    const assembler = new BundleAssembler(ref.sizeBytes);
    const chunks = this.#channel(ref.address).serverStream(
      TENSOR_STORE_SERVICE.pullTensors,
      { objectId: ref.id },
      options,
    );
    for await (const chunk of chunks) assembler.add(chunk);
    return assembler.finish();
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
