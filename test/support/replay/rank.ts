/** Replays recorded polar factors (io.safetensors: n.weight, n.mask, n.uvt_masked, n.nuclear_norm). */
import { join } from 'node:path';
import { nuclearNorm, polarFactorByEigen } from '../../../worker/sara/polar-factor.ts';
import { relativeError } from '../numbers.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';

export const POLAR_TOLERANCE = 1e-3;
export const NUCLEAR_NORM_TOLERANCE = 1e-5;

export async function replayRank(folder: string): Promise<Comparisons> {
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const comparisons = new Comparisons();
  try {
    for (const key of io.keys.filter((name) => name.endsWith('.weight'))) {
      const id = key.slice(0, -'.weight'.length);
      const weight = await io.floats(key);
      const mask = await io.floats(`${id}.mask`);
      const expected = await io.floats(`${id}.uvt_masked`);
      const [rows, columns] = weight.shape;
      const indices = Int32Array.from(mask.data.keys()).filter((at) => mask.data[at] !== 0);
      const values = Float32Array.from(indices, (at) => weight.data[at]);
      const matrix = { rows, columns, indices, values };
      const polar = polarFactorByEigen(matrix);
      const wanted = Float32Array.from(indices, (at) => expected.data[at]);
      comparisons.add('polarFactor', POLAR_TOLERANCE, id, relativeError(polar, wanted));
      const recordedNorm = await io.floats(`${id}.nuclear_norm`);
      const error = relativeError([nuclearNorm(matrix, polar)], recordedNorm.data);
      comparisons.add('nuclearNorm', NUCLEAR_NORM_TOLERANCE, id, error);
    }
  } finally {
    await io.close();
  }
  return comparisons;
}
