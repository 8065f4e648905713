/** The recorded SaRA trajectory in test/golden/sara: six steps of the reference, see its case.json. */
import { readFile } from 'node:fs/promises';
import { WeightFiles } from '../../shared/safetensors.ts';
import type { NamedTensor } from '../../worker/sara/selection.ts';

export const GOLDEN_SARA = 'test/golden/sara';

export interface RecordedStep {
  readonly step: number;
  readonly loss: number;
  readonly rank_matrix: string;
  readonly grad_norm: number;
  readonly selected: number;
  readonly mask_digest: string;
}

export interface RecordedTrajectory {
  readonly threshold: number;
  readonly lr: number;
  readonly weight_decay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly rank_weight: number;
  readonly max_grad_norm: number;
  readonly reselect_after_step: number;
  readonly log: readonly RecordedStep[];
}

export async function readTrajectory(): Promise<RecordedTrajectory> {
  return JSON.parse(await readFile(`${GOLDEN_SARA}/case.json`, 'utf8')) as RecordedTrajectory;
}

/** Every tensor of a UNet folder as float32. */
export async function* tensorsOf(folder: string): AsyncGenerator<NamedTensor> {
  const files = await WeightFiles.open(folder, 'diffusion_pytorch_model');
  try {
    for (const name of files.entries.keys()) {
      const { shape, data } = await files.readFloat32(name);
      yield { name, shape, data };
    }
  } finally {
    await files.close();
  }
}
