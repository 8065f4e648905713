/**
 * Pictures from prompts: text states, a sampler's loop over the UNet's forward pass, and the autoencoder's decoder
 * where the model works on latents.
 *
 * One network after the other is compiled, run for all pictures and released, so what is held is never more than one
 * of them. A program has one batch size; pictures are drawn in groups of it.
 *
 * Shape letters: B batch, C channels and h w edges of the UNet's input.
 */
import { SaraError } from '../../shared/errors.ts';
import { RandomStream } from '../../shared/random.ts';
import { floatTensor, numElements, type FloatTensor } from '../../shared/tensor.ts';
import { wholeFrame, type Resolution } from '../data/image.ts';
import type { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { createSampler } from '../diffusion/samplers/create.ts';
import { sampleFrom } from '../diffusion/sampling.ts';
import type { SamplerName } from '../diffusion/scheduler-config.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import { VaeDecoder, type VaePart } from '../model/latent-codec.ts';
import { buildUNet, unetInputs } from '../model/unet.ts';
import { applyDeltas } from '../sara/adapter.ts';
import type { MaskedVector } from '../sara/mask.ts';
import { Conditions } from '../stage/conditions.ts';
import { inputSize } from '../stage/stage-setup.ts';

/** What pictures are drawn with. */
export interface PictureModel {
  readonly model: DiffusersModel;
  readonly engine: Engine;
  readonly schedule: NoiseSchedule;
  /** Added to the base weights, e.g. of an adapter; null: the base model itself. */
  readonly deltas: MaskedVector | null;
}

export interface GenerationSettings {
  /** Of the pictures, in pixels. */
  readonly size: Resolution;
  readonly sampler: SamplerName;
  readonly numInferenceSteps: number;
  /** 1 switches classifier-free guidance off. */
  readonly guidanceScale: number;
  /** Layers of the text encoders left off, as diffusers counts. */
  readonly clipSkip: number;
  readonly signal?: AbortSignal;
}

/** One picture asked for: the same prompt and seed give the same picture. */
export interface PictureRequest {
  readonly prompt: string;
  readonly seed: number;
}

/** Positions of the UNet's input in a batch, and pictures in it: a program's buffers grow with them. */
const MAX_POSITIONS = 8 * 32 * 32;
const MAX_BATCH = 8;

type ConditionInputs = Readonly<Record<string, FloatTensor>>;

/** The text conditions of one group of pictures. */
interface GroupConditions {
  readonly prompt: ConditionInputs;
  readonly unconditional: ConditionInputs;
}

/**
 * @returns per request float32 [3, height, width], about [-1, 1]
 * @throws SaraError CONFIG_INVALID when the size does not divide into latents, or the sampler does not take the steps;
 *   NOT_FINITE naming model and prompt
 */
export async function generatePictures(
  from: PictureModel,
  requests: readonly PictureRequest[],
  settings: GenerationSettings,
): Promise<Float32Array[]> {
  if (requests.length === 0) return [];
  const { model, engine } = from;
  const { height, width } = inputSize(model, settings.size);
  const batch = Math.max(
    1,
    Math.min(MAX_BATCH, requests.length, Math.floor(MAX_POSITIONS / (height * width))),
  );
  const shape_BChw = [batch, model.unetConfig.inChannels, height, width];
  // The program's batch is fixed; places left over repeat the last request and are dropped.
  const groups = Array.from({ length: Math.ceil(requests.length / batch) }, (_, group) =>
    Array.from({ length: batch }, (__, i) => requests[Math.min(group * batch + i, requests.length - 1)]),
  );
  const conditions = await encodePrompts(from, groups, settings);
  const samples = (await drawSamples(from, groups, conditions, shape_BChw, settings)).slice(
    0,
    requests.length,
  );
  const pictures =
    model.vae === null ? samples : await decode(model.vae, engine, samples, shape_BChw, settings);
  for (const [i, picture] of pictures.entries()) {
    if (picture.every(Number.isFinite)) continue;
    const { prompt } = requests[i];
    throw new SaraError('NOT_FINITE', `model ${model.path} drew values that are not finite for "${prompt}"`, {
      prompt,
    });
  }
  return pictures;
}

async function encodePrompts(
  { model, engine }: PictureModel,
  groups: readonly (readonly PictureRequest[])[],
  { size, clipSkip }: GenerationSettings,
): Promise<GroupConditions[]> {
  const conditions = new Conditions(model, engine, { clipSkip, kept: null });
  try {
    const encoded: GroupConditions[] = [];
    for (const group of groups) {
      const frames = group.map(() => wholeFrame(size));
      encoded.push({
        prompt: await conditions.encode(
          group.map(({ prompt }) => prompt),
          frames,
        ),
        unconditional: await conditions.encode(
          group.map(() => ''),
          frames,
        ),
      });
    }
    return encoded;
  } finally {
    await conditions.release();
  }
}

/** @returns samples in the UNet's space, [C,h,w] each, those of the places left over at the end */
async function drawSamples(
  { model, engine, schedule, deltas }: PictureModel,
  groups: readonly (readonly PictureRequest[])[],
  conditions: readonly GroupConditions[],
  shape_BChw: readonly number[],
  settings: GenerationSettings,
): Promise<Float32Array[]> {
  const [batch, , height, width] = shape_BChw;
  const graph = new Graph();
  const inputs = unetInputs(graph, model.unetConfig, {
    batch,
    height,
    width,
    numTokens: model.text.numTokens,
  });
  graph.output('prediction', buildUNet(graph, model.unetConfig, inputs));
  const unet = await engine.compile(graph, await adaptedWeights(model, deltas));
  try {
    const samples: Float32Array[] = [];
    for (const [i, group] of groups.entries())
      samples.push(...(await drawGroup(unet, schedule, group, conditions[i], shape_BChw, settings)));
    return samples;
  } finally {
    await unet.dispose();
  }
}

async function drawGroup(
  unet: Executable,
  schedule: NoiseSchedule,
  group: readonly PictureRequest[],
  conditions: GroupConditions,
  shape_BChw: readonly number[],
  { sampler: name, numInferenceSteps, guidanceScale, signal }: GenerationSettings,
): Promise<Float32Array[]> {
  const [batch, ...shape_Chw] = shape_BChw;
  const numValues = numElements(shape_Chw);
  const noise = new Float32Array(batch * numValues);
  for (const [i, { seed }] of group.entries()) {
    const stream = new RandomStream({ seed, step: 0, sample: 0, purpose: 'sample-latent' });
    noise.set(stream.normals(numValues), i * numValues);
  }
  const samples = await sampleFrom(
    createSampler(name, schedule, numInferenceSteps),
    noise,
    async (input, timestep, condition) => {
      const outputs = await unet.run({
        sample: floatTensor(shape_BChw, input),
        timesteps: floatTensor([batch], new Float32Array(batch).fill(timestep)),
        ...conditions[condition],
      });
      return outputs.prediction.data as Float32Array;
    },
    { guidanceScale, ...(signal === undefined ? {} : { signal }) },
  );
  return group.map((_, i) => samples.slice(i * numValues, (i + 1) * numValues));
}

/** One picture at a time: at full resolution its activations are a gigabyte. */
async function decode(
  vae: VaePart,
  engine: Engine,
  samples: readonly Float32Array[],
  [, ...shape_Chw]: readonly number[],
  { size, signal }: GenerationSettings,
): Promise<Float32Array[]> {
  const decoder = await VaeDecoder.open(vae, engine, { batch: 1, ...size });
  try {
    const pictures: Float32Array[] = [];
    for (const sample of samples) {
      signal?.throwIfAborted();
      pictures.push((await decoder.decode(floatTensor([1, ...shape_Chw], sample))).data);
    }
    return pictures;
  } finally {
    await decoder.dispose();
  }
}

/** The base UNet, its changed tensors as float32 copies with the deltas added. */
async function adaptedWeights(
  { unetFiles }: DiffusersModel,
  deltas: MaskedVector | null,
): Promise<WeightStore> {
  const store = WeightStore.frozen(unetFiles.entries.values());
  for (const { name, shape } of deltas?.mask.entries ?? []) {
    const { data } = await unetFiles.readFloat32(name);
    applyDeltas(name, data, deltas!);
    store.bind(name, { kind: 'in-place', shape, data });
  }
  return store;
}
