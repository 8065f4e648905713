/**
 * The methods of every gRPC service: path, kind and codecs, one table. A test compares it with the .proto
 * files, so that a method cannot exist in one place only.
 */
import {
  callMessageCodec,
  callReplyCodec,
  spawnReplyCodec,
  spawnRequestCodec,
  statusReplyCodec,
  statusRequestCodec,
  stopReplyCodec,
  stopRequestCodec,
} from './actor-codec.ts';
import type { Codec } from './codec.ts';
import { planCodec, runEventCodec } from './event-codec.ts';
import {
  cancelRunRequestCodec,
  drainWorkerRequestCodec,
  getRunRequestCodec,
  listRunsReplyCodec,
  listRunsRequestCodec,
  listWorkersReplyCodec,
  listWorkersRequestCodec,
  planRunRequestCodec,
  resumeRunRequestCodec,
  runSummaryCodec,
  submitRunReplyCodec,
  submitRunRequestCodec,
  watchRunRequestCodec,
  workerSummaryCodec,
} from './run-codec.ts';
import type { Method, MethodKind } from './method.ts';
import { pullRequestCodec, tensorChunkCodec } from './tensor-frame.ts';

function method<K extends MethodKind, Request, Reply>(
  kind: K,
  path: string,
  request: Codec<Request>,
  reply: Codec<Reply>,
): Method<K, Request, Reply> {
  return { kind, path, request, reply };
}

export const ACTOR_HOST_SERVICE = {
  spawn: method('unary', '/sara.v1.ActorHost/Spawn', spawnRequestCodec, spawnReplyCodec),
  stop: method('unary', '/sara.v1.ActorHost/Stop', stopRequestCodec, stopReplyCodec),
  call: method('bidi', '/sara.v1.ActorHost/Call', callMessageCodec, callReplyCodec),
  status: method('unary', '/sara.v1.ActorHost/Status', statusRequestCodec, statusReplyCodec),
};

export const TENSOR_STORE_SERVICE = {
  pullTensors: method(
    'server-stream',
    '/sara.v1.TensorStore/PullTensors',
    pullRequestCodec,
    tensorChunkCodec,
  ),
};

export const COORDINATOR_SERVICE = {
  submitRun: method('unary', '/sara.v1.Coordinator/SubmitRun', submitRunRequestCodec, submitRunReplyCodec),
  getRun: method('unary', '/sara.v1.Coordinator/GetRun', getRunRequestCodec, runSummaryCodec),
  listRuns: method('unary', '/sara.v1.Coordinator/ListRuns', listRunsRequestCodec, listRunsReplyCodec),
  cancelRun: method('unary', '/sara.v1.Coordinator/CancelRun', cancelRunRequestCodec, runSummaryCodec),
  resumeRun: method('unary', '/sara.v1.Coordinator/ResumeRun', resumeRunRequestCodec, runSummaryCodec),
  watchRun: method('server-stream', '/sara.v1.Coordinator/WatchRun', watchRunRequestCodec, runEventCodec),
  listWorkers: method(
    'unary',
    '/sara.v1.Coordinator/ListWorkers',
    listWorkersRequestCodec,
    listWorkersReplyCodec,
  ),
  drainWorker: method(
    'unary',
    '/sara.v1.Coordinator/DrainWorker',
    drainWorkerRequestCodec,
    workerSummaryCodec,
  ),
  planRun: method('unary', '/sara.v1.Coordinator/PlanRun', planRunRequestCodec, planCodec),
};
