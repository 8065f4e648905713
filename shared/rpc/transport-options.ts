/**
 * Every number of the gRPC transport, with its unit, its reason and the failure it prevents.
 */
import type { ChannelOptions } from '@grpc/grpc-js';
import { MAX_CHUNK_BYTES } from './tensor-frame.ts';

/** A silent peer is asked for a sign of life this often, and lost after this long without one. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/**
 * Receive window of a client that pulls tensors. HTTP/2's default of 64 KiB caps a stream at window / round-trip
 * time: 12 MB/s at 8 ms instead of 53, and on loopback 100-260 MB/s instead of 427-622.
 */
const TENSOR_WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Largest control message: a configuration, a plan, an actor's arguments. More is data and belongs in an object.
 * Checked by the transport before it allocates.
 */
export const MAX_CONTROL_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A chunk and its header. */
const MAX_TENSOR_MESSAGE_BYTES = MAX_CHUNK_BYTES + 16 * 1024;

/** A worker that restarts is back within seconds; the transport's default back-off goes up to two minutes. */
const MAX_RECONNECT_BACKOFF_MS = 2_000;

const COMMON: ChannelOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.keepalive_permit_without_calls': 1,
};

/** What a channel is for; the two kinds never share a connection, so a call never waits behind a tensor. */
export type ChannelPurpose = 'control' | 'tensor';

export function clientOptions(purpose: ChannelPurpose): ChannelOptions {
  const maxMessageBytes = purpose === 'tensor' ? MAX_TENSOR_MESSAGE_BYTES : MAX_CONTROL_MESSAGE_BYTES;
  return {
    ...COMMON,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': MAX_CONTROL_MESSAGE_BYTES,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    // Without it grpc-js shares one connection among channels with equal options.
    'grpc.use_local_subchannel_pool': 1,
    // Workers talk to each other directly; an http_proxy of the environment is meant for the web.
    'grpc.enable_http_proxy': 0,
    // Calls are delivered at most once: the transport must never repeat one by itself.
    'grpc.enable_retries': 0,
    // No DNS TXT query for a service configuration nobody publishes.
    'grpc.service_config_disable_resolution': 1,
    ...(purpose === 'tensor' ? { 'grpc-node.flow_control_window': TENSOR_WINDOW_BYTES } : {}),
  };
}

export function serverOptions(): ChannelOptions {
  return {
    ...COMMON,
    'grpc.max_receive_message_length': MAX_CONTROL_MESSAGE_BYTES,
    'grpc.max_send_message_length': Math.max(MAX_CONTROL_MESSAGE_BYTES, MAX_TENSOR_MESSAGE_BYTES),
  };
}
