/**
 * Writes a model that is a single-file checkpoint as the diffusers folder it would be, with the UNet's tensors as the
 * caller gives them: configs of its family, CLIP's tokenizers, and every tensor under diffusers' names.
 *
 * What diffusers needs to know beside the parts, which classes they are of, is model_index.json.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaraError } from '../../../shared/errors.ts';
import { writeSafetensors, type TensorSource, type WeightFiles } from '../../../shared/safetensors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { clipTokenizerDefinition } from '../clip-vocabulary.ts';
import { withoutPrivateFields, type ConfigJson } from '../component-configs.ts';
import type { DiffusersModel } from '../diffusers-model.ts';
import { writeTokenizer } from '../tokenizer.ts';
import { transposedMatrix } from './stored-tensors.ts';

/**
 * @param model opened from a single file
 * @param folder exists; what it holds of the same names is replaced
 * @param readUNet a UNet tensor by its diffusers name, in the element type the model stores it in
 * @throws SaraError DISK_WRITE_FAILED; INTERNAL for a model that is a folder already
 */
export async function writeModelFolder(
  { singleFile, configs, unetFiles, textEncoders, vae, path }: DiffusersModel,
  folder: string,
  readUNet: (name: string) => Promise<Tensor>,
): Promise<void> {
  if (singleFile === null || vae === null)
    throw new SaraError('INTERNAL', `${path} is a folder: copy it`, { model: path });
  const { family } = singleFile;
  const json = withoutPrivateFields(configs);
  const part = async (
    name: string,
    config: unknown,
    file: string,
    tensors: TensorSource[],
  ): Promise<void> => {
    await writeJson(join(folder, name), 'config.json', config);
    await writeSafetensors(join(folder, name, `${file}.safetensors`), tensors, { format: 'pt' });
  };
  await writeJson(folder, 'model_index.json', modelIndex(textEncoders.length, json.scheduler));
  await writeJson(join(folder, 'scheduler'), 'scheduler_config.json', json.scheduler);
  await part('unet', json.unet, 'diffusion_pytorch_model', tensorsOf(unetFiles, readUNet));
  await part(
    'vae',
    json.vae,
    'diffusion_pytorch_model',
    tensorsOf(vae.files, (name) => vae.files.read(name)),
  );
  for (const [i, { files }] of textEncoders.entries()) {
    const suffix = i === 0 ? '' : `_${i + 1}`;
    const tensors = tensorsOf(files, (name) => files.read(name)).map(asLinear);
    await part(`text_encoder${suffix}`, json.textEncoders[i], 'model', tensors);
    const { special, modelMaxLength, ...bpe } = await clipTokenizerDefinition(family.paddings[i]);
    await writeTokenizer(join(folder, `tokenizer${suffix}`), bpe, modelMaxLength, special);
  }
}

type LoadedTensor = Extract<TensorSource, { load(): Promise<Tensor> }>;

function tensorsOf({ entries }: WeightFiles, read: (name: string) => Promise<Tensor>): LoadedTensor[] {
  return Array.from(entries.values(), ({ name, dtype, shape }) => ({
    name,
    dtype,
    shape,
    load: () => read(name),
  }));
}

/** OpenCLIP's projection as transformers has it, the other way round; everything else as it is. */
function asLinear(source: LoadedTensor): LoadedTensor {
  if (source.name !== 'text_projection') return source;
  const shape = source.shape.toReversed();
  return {
    ...source,
    name: 'text_projection.weight',
    shape,
    load: async () => {
      const { dtype, data } = await source.load();
      return { dtype, shape, data: transposedMatrix(data, source.shape) };
    },
  };
}

/** As diffusers writes it for a pipeline without a safety checker. */
function modelIndex(numTextEncoders: number, scheduler: ConfigJson): ConfigJson {
  const parts = {
    scheduler: ['diffusers', scheduler._class_name],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    feature_extractor: [null, null],
    image_encoder: [null, null],
  };
  return numTextEncoders === 1
    ? {
        _class_name: 'StableDiffusionPipeline',
        ...parts,
        safety_checker: [null, null],
        requires_safety_checker: false,
      }
    : {
        _class_name: 'StableDiffusionXLPipeline',
        ...parts,
        text_encoder_2: ['transformers', 'CLIPTextModelWithProjection'],
        tokenizer_2: ['transformers', 'CLIPTokenizer'],
        force_zeros_for_empty_prompt: true,
      };
}

async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}
