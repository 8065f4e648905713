/**
 * Pictures from prompts: text states, a sampler's loop, the UNet's forward pass.
 *
 * One program for a fixed batch, compiled once; prompts are drawn in groups of that size. Pixel-space models only
 * (see diffusers-model.ts).
 */
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { RandomStream } from '../../shared/random.ts';
import { floatTensor, numElements } from '../../shared/tensor.ts';
import { NoiseSchedule } from '../diffusion/noise-schedule.ts';
import { createSampler } from '../diffusion/samplers/create.ts';
import { sampleFrom } from '../diffusion/sampling.ts';
import type { SamplerName } from '../diffusion/scheduler-config.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { Graph } from '../engine/graph.ts';
import { WeightStore } from '../engine/weight-store.ts';
import { requirePixelSpace, type DiffusersModel } from '../model/diffusers-model.ts';
import { buildUNet, unetInputs } from '../model/unet.ts';
import { applyDeltas } from '../sara/adapter.ts';
import type { MaskedVector } from '../sara/mask.ts';
import { Conditions } from '../stage/conditions.ts';

export interface GenerationSettings {
  readonly sampler: SamplerName;
  readonly numInferenceSteps: number;
  /** 1 switches classifier-free guidance off. */
  readonly guidanceScale: number;
  readonly signal?: AbortSignal;
}

/** One picture asked for: the same prompt and seed give the same picture. */
export interface PictureRequest {
  readonly prompt: string;
  readonly seed: number;
}

/** Pictures drawn at a time; a program's buffers grow with it. */
const MAX_BATCH = 8;

export class ImageGenerator {
  readonly #model: DiffusersModel;
  readonly #schedule: NoiseSchedule;
  readonly #unet: Executable;
  readonly #conditions: Conditions;
  readonly #batch: number;
  readonly #shape: readonly number[];

  private constructor(
    model: DiffusersModel,
    schedule: NoiseSchedule,
    unet: Executable,
    conditions: Conditions,
    shape: readonly number[],
  ) {
    this.#model = model;
    this.#schedule = schedule;
    this.#unet = unet;
    this.#conditions = conditions;
    this.#batch = shape[0];
    this.#shape = shape;
  }

  /**
   * @param deltas added to the base weights, e.g. of an adapter; null for the base model itself
   * @param resolution edge of the pictures in pixels
   * @param numPictures expected per call, to size the batch
   */
  static async open(
    model: DiffusersModel,
    engine: Engine,
    options: { deltas: MaskedVector | null; resolution: number; numPictures: number },
  ): Promise<ImageGenerator> {
    await requirePixelSpace(model);
    const batch = Math.max(1, Math.min(MAX_BATCH, options.numPictures));
    const shape = [batch, model.unetConfig.inChannels, options.resolution, options.resolution];
    const graph = new Graph();
    const inputs = unetInputs(graph, model.unetConfig, {
      batch,
      height: shape[2],
      width: shape[3],
      numTokens: model.text.numTokens,
    });
    graph.output('prediction', buildUNet(graph, model.unetConfig, inputs));
    const schedule = await NoiseSchedule.open(join(model.path, 'scheduler'));
    const unet = await engine.compile(graph, await adaptedWeights(model, options.deltas));
    return new ImageGenerator(
      model,
      schedule,
      unet,
      await Conditions.open(model, engine, options.resolution),
      shape,
    );
  }

  /** @returns per request float32 [3, resolution, resolution] in [-1, 1] */
  async generate(requests: readonly PictureRequest[], settings: GenerationSettings): Promise<Float32Array[]> {
    const pictures: Float32Array[] = [];
    for (let start = 0; start < requests.length; start += this.#batch) {
      pictures.push(...(await this.#generateBatch(requests.slice(start, start + this.#batch), settings)));
    }
    return pictures;
  }

  async dispose(): Promise<void> {
    await this.#unet.dispose();
    await this.#conditions.dispose();
  }

  async #generateBatch(
    requests: readonly PictureRequest[],
    settings: GenerationSettings,
  ): Promise<Float32Array[]> {
    const numValues = numElements(this.#shape.slice(1));
    // The program's batch is fixed; places left over repeat the last request and are dropped.
    const filled = Array.from({ length: this.#batch }, (_, i) => requests[Math.min(i, requests.length - 1)]);
    const noise = new Float32Array(this.#batch * numValues);
    for (const [i, { seed }] of filled.entries()) {
      noise.set(
        new RandomStream({ seed, step: 0, sample: 0, purpose: 'sample-latent' }).normals(numValues),
        i * numValues,
      );
    }
    const conditions = {
      prompt: await this.#conditions.encode(filled.map(({ prompt }) => prompt)),
      unconditional: await this.#conditions.encode(filled.map(() => '')),
    };
    const sampler = createSampler(settings.sampler, this.#schedule, settings.numInferenceSteps);
    const samples = await sampleFrom(
      sampler,
      noise,
      async (input, timestep, condition) => {
        const outputs = await this.#unet.run({
          sample: floatTensor(this.#shape, input),
          timesteps: floatTensor([this.#batch], new Float32Array(this.#batch).fill(timestep)),
          ...conditions[condition],
        });
        return outputs.prediction.data as Float32Array;
      },
      { guidanceScale: settings.guidanceScale, signal: settings.signal },
    );
    return requests.map((request, i) => {
      const picture = samples.slice(i * numValues, (i + 1) * numValues);
      if (!picture.every(Number.isFinite)) {
        throw new SaraError(
          'NOT_FINITE',
          `model ${this.#model.path} drew values that are not finite for "${request.prompt}"`,
          { prompt: request.prompt },
        );
      }
      return picture;
    });
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
