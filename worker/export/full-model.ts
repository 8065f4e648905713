/**
 * Writes a model whose every weight was trained (method `full`): the base folder's layout with new weights for UNet
 * and text encoder. Everything else is copied, see model-folder.ts.
 */
import { join } from 'node:path';
import { SaraError } from '../../shared/errors.ts';
import { writeSafetensors, type TensorSource, type WeightFiles } from '../../shared/safetensors.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import { encodeWeights } from '../sara/encode-weights.ts';
import { entryView, type MaskedVector } from '../sara/mask.ts';
import { TEXT_ENCODER_PREFIX } from '../training-graph.ts';
import { copyModelFolder, requireOutside, rescaleScheduler, writeFolder } from './model-folder.ts';

type Precision = 'float32' | 'float16';

export interface FullModelOptions {
  /** Of the new weight files. */
  readonly dtype: Precision;
  /** Whether it was trained under a schedule rescaled to zero terminal SNR. */
  readonly zeroTerminalSnr: boolean;
}

/**
 * @param trained every trained tensor, whole; text encoder tensors under {@link TEXT_ENCODER_PREFIX}
 * @param outFolder replaced as a whole once the new model is complete
 * @throws SaraError MODEL_UNSUPPORTED when the base is a single file; CONFIG_INVALID when it lies inside the base; NOT_FINITE when a weight leaves the range of
 *   `dtype`; DISK_WRITE_FAILED
 */
export async function writeFullModel(
  model: DiffusersModel,
  trained: MaskedVector,
  outFolder: string,
  { dtype, zeroTerminalSnr }: FullModelOptions,
): Promise<void> {
  if (model.singleFile !== null) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${model.path} is a single file: a model trained in full is written for bases that are diffusers folders`,
      { model: model.path },
    );
  }
  requireOutside(model.path, outFolder);
  const unet = {
    folder: 'unet',
    file: 'diffusion_pytorch_model.safetensors',
    files: model.unetFiles,
    prefix: '',
  };
  const text = {
    folder: 'text_encoder',
    file: 'model.safetensors',
    files: model.text.files,
    prefix: TEXT_ENCODER_PREFIX,
  };
  await writeFolder(outFolder, 'replace', async (staging) => {
    await copyModelFolder(model.path, staging, [unet.folder, text.folder]);
    if (zeroTerminalSnr) await rescaleScheduler(staging);
    for (const { folder, file, files, prefix } of [unet, text]) {
      await writeSafetensors(join(staging, folder, file), newWeights(files, prefix, trained, dtype), {
        format: 'pt', // what PyTorch programs insist on
      });
    }
  });
}

/** The component's tensors one at a time: the trained ones, and the base's where nothing was trained. */
function newWeights(
  base: WeightFiles,
  prefix: string,
  trained: MaskedVector,
  dtype: Precision,
): TensorSource[] {
  return [...base.entries.values()].map(({ name, shape }) => ({
    name,
    dtype,
    shape,
    load: async () => {
      const entry = trained.mask.get(prefix + name);
      const values =
        entry === undefined ? (await base.readFloat32(name)).data : entryView(entry, trained.vector);
      return { dtype, shape, data: encodeWeights({ name, dtype }, values, 'trained', 'nothing was written') };
    },
  }));
}
