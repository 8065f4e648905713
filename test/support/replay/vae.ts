/** Replays a recorded autoencoder (`vae/`, io.safetensors): posterior of a picture, picture of a latent. */
import { join } from 'node:path';
import { WeightFiles } from '../../../shared/safetensors.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { VaeDecoder, VaeEncoder, type VaePart } from '../../../worker/model/latent-codec.ts';
import { latentStride, readVaeConfig } from '../../../worker/model/vae.ts';
import { relativeError } from '../numbers.ts';
import { Comparisons } from './comparisons.ts';
import { Recording } from './recording.ts';

export const VAE_TOLERANCE = 1e-4;

export async function replayVae(folder: string, engine: Engine): Promise<Comparisons> {
  const part: VaePart = {
    config: await readVaeConfig(join(folder, 'vae')),
    files: await WeightFiles.open(join(folder, 'vae'), 'diffusion_pytorch_model'),
  };
  const io = await Recording.open(join(folder, 'io.safetensors'));
  const comparisons = new Comparisons();
  try {
    const compare = async (name: string, values: Float32Array): Promise<void> => {
      const { data } = await io.floats(name);
      comparisons.add('output', VAE_TOLERANCE, name, relativeError(values, data));
    };

    const pictures = await io.floats('image');
    const encoder = await VaeEncoder.open(part, engine, shapeOf(pictures.shape, 1));
    const posterior = await encoder.encode(pictures);
    await encoder.dispose();
    await compare('mean', posterior.mean.data);
    await compare('logvar', posterior.logvar.data);

    // Recorded as the decoder itself takes it; ours takes a UNet's latents.
    const { scalingFactor, shiftFactor } = part.config;
    const latent = await io.floats('latent');
    const decoder = await VaeDecoder.open(part, engine, shapeOf(latent.shape, latentStride(part.config)));
    const scaled = floatTensor(
      latent.shape,
      latent.data.map((value) => (value - shiftFactor) * scalingFactor),
    );
    const decoded = await decoder.decode(scaled);
    await decoder.dispose();
    await compare('decoded', decoded.data);
  } finally {
    await Promise.all([io.close(), part.files.close()]);
  }
  return comparisons;
}

function shapeOf([batch, , height, width]: readonly number[], stride: number) {
  return { batch, height: height * stride, width: width * stride };
}
