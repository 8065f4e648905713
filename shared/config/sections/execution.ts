/** How much is computed, and by what: training loop, pipeline, engine, faults. */
import { z } from 'zod';
import { field, section } from '../field.ts';

/** Steps, samples and the like are uint32 in counters and on the wire. */
const UINT32_MAX = 2 ** 32 - 1;

export const trainSection = section({
  steps: field(z.int().min(1).max(UINT32_MAX), {
    doc: 'Optimizer updates in the run.',
    unit: 'steps',
    default: 5000,
  }),
  batchSize: field(z.int().min(1).max(65536), {
    doc: 'Pictures per update, over all replicas and micro-batches.',
    unit: 'samples',
    default: 4,
  }),
  microBatchSize: field(z.int().min(1).max(65536), {
    doc: 'Pictures that go through the pipeline together. train.batchSize is a multiple of it times the replicas.',
    unit: 'samples',
    default: 1,
  }),
  seed: field(z.int().min(0), {
    doc: 'Every random draw of the run follows from it, whatever the number of workers.',
    default: 0,
  }),
  textEncoder: field(z.boolean(), {
    doc: 'Train the text encoder too; for method full only.',
    default: false,
  }),
});

export const pipelineSection = section({
  stages: field(z.int().min(1).max(1024).nullable(), {
    doc: 'Pieces the UNet is cut into, each on its own worker. null: the planner chooses from workers and memory.',
    unit: 'workers',
    default: null,
  }),
  replicas: field(z.int().min(1).max(1024).nullable(), {
    doc: 'Whole pipelines that share each batch. null: the planner chooses.',
    unit: 'pipelines',
    default: null,
  }),
});

export const engineSection = section({
  name: field(z.enum(['onnx', 'tfjs']), {
    doc: 'What executes the graph. onnx: ONNX Runtime. tfjs: the kernels of TensorFlow.js.',
    default: 'onnx',
  }),
  provider: field(z.enum(['cpu', 'cuda', 'webgpu']), {
    doc: 'Device that onnx executes on.',
    default: 'cpu',
  }),
  precision: field(z.enum(['float32', 'float16']), {
    doc: 'What onnx computes products and convolutions of the UNet in. float16: for GPUs; norms, softmax, loss, trainable values and optimizer stay float32.',
    default: 'float32',
  }),
  lossScale: field(
    z
      .number()
      .min(1)
      .max(2 ** 24),
    {
      doc: 'Under precision float16, what the loss is multiplied with so that small gradients do not become zero; they are divided by it again. Lower it when gradients are not finite.',
      default: 8192,
    },
  ),
  backend: field(z.enum(['auto', 'node-gpu', 'node', 'wasm', 'cpu']), {
    doc: 'What tfjs executes on. node-gpu, node: TensorFlow, from the package @tensorflow/tfjs-node-gpu or tfjs-node, to be installed beside. wasm: WebAssembly. cpu: plain JavaScript, very slow. auto: the first of these that can be loaded.',
    default: 'auto',
  }),
  numThreads: field(z.int().min(1).max(1024).nullable(), {
    doc: "CPU threads per worker. null: the machine's cores divided by the workers on it.",
    unit: 'threads',
    default: null,
  }),
  weights: field(z.enum(['auto', 'in-place', 'scatter']), {
    doc: 'How trained values meet the frozen weights. in-place: written into one mutable copy (CPU). scatter: inserted by the graph at every pass (GPU). auto: by the device.',
    default: 'auto',
  }),
});

export const faultsSection = section({
  maxRestarts: field(z.int().min(0).max(1000), {
    doc: 'Losses of workers to recover from before the run fails. Workers that leave or come in order are not counted.',
    unit: 'restarts',
    default: 3,
  }),
  replacementTimeoutMs: field(z.int().min(0).max(3_600_000), {
    doc: 'After a loss, how long to wait for another worker to take the place before the run goes on with those left.',
    unit: 'ms',
    default: 30_000,
  }),
});
