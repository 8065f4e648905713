/**
 * A UNet folder of any published size without its published weights: every entry normal with the spread of trained
 * ones, from a seed. Speed and memory of a step depend on shapes and on how many weights are selected, not on what
 * the model draws.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { floatToHalf } from '../../shared/half.ts';
import { writeSafetensors, type TensorSource } from '../../shared/safetensors.ts';
import { numElements } from '../../shared/tensor.ts';
import { parseUNetConfig } from '../model/diffusers-config.ts';
import { unetParameters } from '../model/unet.ts';

/** Standard deviation of Stable Diffusion 1.5's UNet weights; 5.8 % of them are below 2e-3. */
export const WEIGHT_STD = 0.0274;

/** Values a weight can take: quantiles of the normal distribution, one per 16-bit number. */
const NUM_QUANTILES = 2 ** 16;

/**
 * @param folder receives config.json and the weights
 * @param dtype of the stored weights
 */
export async function writeSeededUNet(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  dtype: 'float32' | 'float16',
  seed: number,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const parameters = unetParameters(parseUNetConfig(config, folder));
  const quantiles = normalQuantiles();
  const table = dtype === 'float32' ? quantiles : Uint16Array.from(quantiles, floatToHalf);
  const sources = [...parameters].map(([name, shape], index): TensorSource => ({
    name,
    dtype,
    shape,
    load: () => {
      const data =
        dtype === 'float32' ? new Float32Array(numElements(shape)) : new Uint16Array(numElements(shape));
      fill(data, table, seed + index);
      return Promise.resolve(
        dtype === 'float32'
          ? { dtype, shape, data: data as Float32Array }
          : { dtype, shape, data: data as Uint16Array },
      );
    },
  }));
  await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), sources, { format: 'pt' });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** Draws from `table` by xorshift32 (Marsaglia 2003): two entries a word, a billion in some seconds. */
function fill(data: Float32Array | Uint16Array, table: Float32Array | Uint16Array, seed: number): void {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (let i = 0; i < data.length; i += 2) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[i] = table[state & 0xffff];
    if (i + 1 < data.length) data[i + 1] = table[state >>> 16];
  }
}

/** Midpoints of equally likely intervals, by bisection of the distribution function. */
function normalQuantiles(): Float32Array {
  const table = new Float32Array(NUM_QUANTILES);
  for (let i = NUM_QUANTILES / 2; i < NUM_QUANTILES; i++) {
    const probability = (i + 0.5) / NUM_QUANTILES;
    let low = 0;
    let high = 6;
    for (let k = 0; k < 40; k++) {
      const middle = (low + high) / 2;
      if (normalDistribution(middle) < probability) low = middle;
      else high = middle;
    }
    table[i] = low * WEIGHT_STD;
    table[NUM_QUANTILES - 1 - i] = -table[i];
  }
  return table;
}

/** Phi(x) for x >= 0, absolute error below 7.5e-8 (Abramowitz and Stegun 26.2.17). */
function normalDistribution(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
