/**
 * Writes a model whose every weight was trained (method `full`): the base folder's layout with new weights.
 */
import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type TensorSource, type WeightFiles } from '../../shared/safetensors.ts';
import { encodeWeights } from '../sara/encode-weights.ts';
import { entryView, type MaskedVector } from '../sara/mask.ts';
import type { DiffusersModel } from '../model/diffusers-model.ts';
import { TEXT_ENCODER_PREFIX } from '../training-graph.ts';

const WEIGHT_FILE = /\.(safetensors|bin|ckpt|pt|pth|msgpack|onnx)$|\.index(\.fp16)?\.json$/i;

/**
 * @param trained every trained tensor, whole; text encoder tensors under {@link TEXT_ENCODER_PREFIX}
 * @param dtype of the new weight files
 * @param outFolder replaced as a whole, by a rename
 */
export async function writeFullModel(
  model: DiffusersModel,
  trained: MaskedVector,
  dtype: 'float32' | 'float16',
  outFolder: string,
): Promise<void> {
  const staging = `${outFolder}.partial`;
  await rm(staging, { recursive: true, force: true });
  await copyWithoutWeights(model.path, staging);
  await writeComponent(
    join(staging, 'unet', 'diffusion_pytorch_model.safetensors'),
    model.unetFiles,
    '',
    trained,
    dtype,
  );
  await writeComponent(
    join(staging, 'text_encoder', 'model.safetensors'),
    model.text.files,
    TEXT_ENCODER_PREFIX,
    trained,
    dtype,
  );
  await rm(outFolder, { recursive: true, force: true });
  await rename(staging, outFolder);
}

async function writeComponent(
  path: string,
  base: WeightFiles,
  prefix: string,
  trained: MaskedVector,
  dtype: 'float32' | 'float16',
): Promise<void> {
  const sources: TensorSource[] = [...base.entries.values()].map(({ name, shape }) => ({
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
  await writeSafetensors(path, sources, { format: 'pt' });
}

async function copyWithoutWeights(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name.startsWith('.') || WEIGHT_FILE.test(name)) continue;
    const source = join(from, name);
    if ((await stat(source)).isDirectory()) await copyWithoutWeights(source, join(to, name));
    else await cp(source, join(to, name), { dereference: true });
  }
}
