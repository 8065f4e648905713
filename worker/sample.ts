/**
 * `sara sample`: pictures from a model, with any number of adapters at any strength, in this process alone.
 */
import { writeFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { baseModelHash } from '../shared/digest.ts';
import { SaraError } from '../shared/errors.ts';
import { generatePictures } from './artifacts/image-generator.ts';
import { NoiseSchedule } from './diffusion/noise-schedule.ts';
import type { SamplerName } from './diffusion/scheduler-config.ts';
import { createOnnxEngine, type Provider } from './engine/onnx/onnx-engine.ts';
import { DiffusersModel } from './model/diffusers-model.ts';
import { renderContactSheet } from './pictures/contact-sheet.ts';
import { encodePng } from './pictures/png.ts';
import { combineAdapters, type WeightedAdapter } from './sara/adapter.ts';
import { readAdapter } from './sara/adapter-file.ts';

export interface SampleOptions {
  readonly model: string;
  /** Adapter files with their strengths, `FILE` or `FILE@STRENGTH`. */
  readonly adapters: readonly string[];
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  readonly sampler: SamplerName;
  readonly numInferenceSteps: number;
  readonly guidanceScale: number;
  /** Layers of the text encoders left off, as diffusers counts. */
  readonly clipSkip: number;
  /** Edge in pixels; null: the model's own sample_size. */
  readonly resolution: number | null;
  /** Folder for one PNG per picture, or a `.png` file for a sheet of them. */
  readonly out: string;
  readonly provider: Provider;
  readonly numThreads: number;
  readonly signal: AbortSignal;
}

const SHEET_CELL_PIXELS = 96;

/** @returns paths of the files written */
export async function sample(options: SampleOptions): Promise<string[]> {
  if (options.prompts.length === 0)
    throw new SaraError('USAGE', 'nothing to draw: give at least one --prompt');
  const model = await DiffusersModel.open(options.model);
  try {
    const { sampleSize } = model.unetConfig;
    const resolution =
      options.resolution ??
      (sampleSize !== null && sampleSize.height === sampleSize.width
        ? sampleSize.height * model.stride
        : null);
    if (resolution === null)
      throw new SaraError(
        'USAGE',
        `${options.model}: unet/config.json names no square sample_size; give --resolution`,
      );
    const requests = options.prompts.flatMap((prompt) => options.seeds.map((seed) => ({ prompt, seed })));
    const { json, source } = model.scheduler;
    const schedule = NoiseSchedule.fromConfig(json, source);
    const adapters = await readAdapters(model, options.adapters);
    const pictures = await generatePictures(
      {
        model,
        engine: createOnnxEngine({ provider: options.provider, numThreads: options.numThreads }),
        schedule: adapters.some(({ adapter }) => adapter.metadata.zeroTerminalSnr)
          ? schedule.withZeroTerminalSnr()
          : schedule,
        deltas: adapters.length === 0 ? null : combineAdapters(adapters),
      },
      requests,
      { ...options, size: { height: resolution, width: resolution } },
    );
    if (!options.out.endsWith('.png'))
      return await writePictures(options.out, requests, pictures, resolution);
    const labels = requests.map(({ prompt }) => prompt);
    return [await writeSheet(options, labels, pictures, resolution)];
  } finally {
    await model.close();
  }
}

async function readAdapters(model: DiffusersModel, files: readonly string[]): Promise<WeightedAdapter[]> {
  if (files.length === 0) return [];
  const base = { hash: await baseModelHash(model.unetFiles), entries: model.unetFiles.entries };
  const weighted: WeightedAdapter[] = [];
  for (const text of files) {
    const { path, strength } = parseAdapter(text);
    weighted.push({ adapter: await readAdapter(path, base), strength });
  }
  return weighted;
}

/** `FILE@0.8` or `FILE`; only a number after the last @ is a strength, for paths may hold one too. */
export function parseAdapter(text: string): { path: string; strength: number } {
  const match = /^(.+)@(\d+(?:\.\d+)?)$/.exec(text);
  return match === null ? { path: text, strength: 1 } : { path: match[1], strength: Number(match[2]) };
}

async function writeSheet(
  { out, prompts, seeds }: SampleOptions,
  labels: readonly string[],
  pictures: readonly Float32Array[],
  resolution: number,
): Promise<string> {
  const path = resolve(out);
  const rows = seeds.map((seed, row) => ({
    label: `seed ${seed}`,
    images: prompts.map((_, column) => pictures[column * seeds.length + row]),
  }));
  const png = await renderContactSheet({
    columnLabels: [...new Set(labels)].length === prompts.length ? [...prompts] : labels,
    rows,
    imageSize: { height: resolution, width: resolution },
    scale: Math.max(1, Math.round(SHEET_CELL_PIXELS / resolution)),
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, png);
  return path;
}

async function writePictures(
  folder: string,
  requests: readonly { prompt: string; seed: number }[],
  pictures: readonly Float32Array[],
  resolution: number,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [i, picture] of pictures.entries()) {
    const stem = `${String(i).padStart(3, '0')}-${requests[i].prompt
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 60)}-seed${requests[i].seed}`;
    const path = resolve(join(folder, `${stem}.png`));
    await writeFile(path, await encodePng(picture, { height: resolution, width: resolution }));
    paths.push(path);
  }
  return paths;
}
