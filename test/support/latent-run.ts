/**
 * A complete run on latents in small, in a temporary folder: a scaled-down model of one of the published families
 * (small-latent-model.ts), captioned pictures, a held-out set, and the run's configuration.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveRunConfig, type ResolvedRunConfig, type RunConfig } from '../../shared/config.ts';
import type { FamilyName } from '../../worker/model/single-file/families.ts';
import { makeSmallLatentModel, type SmallModelOptions } from './small-latent-model.ts';
import { makePictures, merged, type Overrides } from './tiny-run.ts';

/** Eight latents of eight pixels along an edge: what the UNet's three halvings leave one of. */
export const LATENT_RESOLUTION = 64;

export interface LatentRun {
  /** Absolute; everything below lies in it. */
  readonly folder: string;
  readonly modelFolder: string;
  readonly picturesFolder: string;
  /** Receives one folder per run, and the cache. */
  readonly outputFolder: string;
  fields(overrides?: Overrides): RunConfig;
  config(overrides?: Overrides): ResolvedRunConfig;
  remove(): Promise<void>;
}

export async function makeLatentRun(
  family: FamilyName,
  options: Partial<SmallModelOptions> = {},
): Promise<LatentRun> {
  const folder = await mkdtemp(join(tmpdir(), `sara-${family}-`));
  const place = (name: string): string => join(folder, name);
  await makePictures(place('pictures'), 0, 6);
  await makePictures(place('held-out'), 6, 2);
  await makeSmallLatentModel(place('model'), family, options);
  const fields = (overrides: Overrides = {}): RunConfig => merged(baseConfig(place), overrides) as RunConfig;
  return {
    folder,
    modelFolder: place('model'),
    picturesFolder: place('pictures'),
    outputFolder: place('runs'),
    fields,
    config: (overrides) => resolveRunConfig(fields(overrides), 'the latent run', folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function baseConfig(place: (name: string) => string): RunConfig {
  return {
    name: 'latent',
    method: 'sara',
    model: { path: place('model') },
    data: {
      path: place('pictures'),
      validationPath: place('held-out'),
      resolution: LATENT_RESOLUTION,
      captionDropout: 0.3,
    },
    sara: { fraction: 0.3, rank: { minDimension: 8 }, reselectStep: 2 },
    optimizer: { learningRate: 5e-3 },
    train: { steps: 4, batchSize: 4, microBatchSize: 2, seed: 11 },
    pipeline: { stages: 1, replicas: 1 },
    validation: { everySteps: 0, numSamples: 2, timesteps: 2 },
    preview: { prompts: ['a red cat', 'a blue boat'], seeds: [1], numInferenceSteps: 3 },
    checkpoint: { everySteps: 0 },
    output: { dir: place('runs') },
  };
}
