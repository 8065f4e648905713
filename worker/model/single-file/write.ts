/**
 * Writes a model as a single-file checkpoint of its family, with the UNet's tensors as the caller gives them.
 *
 * Tensors pass through one at a time in the element type they are stored in. Of a base that is a single file itself,
 * everything else it holds is kept as it is, but not its moving averages: those of the old weights would be wrong.
 */
import { SaraError } from '../../../shared/errors.ts';
import { writeSafetensors, type TensorSource } from '../../../shared/safetensors.ts';
import { floatTensor, type Tensor } from '../../../shared/tensor.ts';
import { clipTokenizerDefinition } from '../clip-vocabulary.ts';
import { withoutPrivateFields, type ComponentConfigs } from '../component-configs.ts';
import type { DiffusersModel } from '../diffusers-model.ts';
import { ClipTokenizer } from '../tokenizer.ts';
import { FAMILIES, type Family, type FamilyName } from './families.ts';
import { CONFIGS_KEY } from './open.ts';
import { storedSource } from './stored-tensors.ts';
import { storedText } from './text-names.ts';
import { storedUNet } from './unet-names.ts';
import { storedVae } from './vae-names.ts';

export interface SingleFileOptions {
  /** A UNet tensor by its diffusers name, in the element type the model stores it in. */
  readonly readUNet: (name: string) => Promise<Tensor>;
  /** Free text for the file's header, e.g. a title. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Of every moving average of a checkpoint saved in the middle of its training. */
const MOVING_AVERAGE_PREFIX = 'model_ema.';

/**
 * @param path of the `.safetensors` file, replaced as a whole
 * @throws SaraError MODEL_UNSUPPORTED when the model has no single-file form: it works on pixels, or its tokenizer is
 *   not CLIP's, which is the one every reader of such files uses; DISK_WRITE_FAILED
 */
export async function writeSingleFile(
  model: DiffusersModel,
  path: string,
  { readUNet, metadata }: SingleFileOptions,
): Promise<void> {
  const family = familyOf(model);
  await requireClipTokenizers(model, family);
  const configs = withoutPrivateFields(model.configs);
  const sources = [...modelTensors(model, family, readUNet), ...markers(family, configs)];
  const written = new Set(sources.map(({ name }) => name));
  await writeSafetensors(path, [...sources, ...otherTensors(model, written)], {
    format: 'pt', // what PyTorch programs insist on
    'modelspec.prediction_type': predictsVelocity(configs) ? 'v' : 'epsilon',
    [CONFIGS_KEY]: JSON.stringify(configs),
    ...metadata,
  });
}

/** Which family's layout a model has. The families differ in these traits, whatever a model's sizes. */
function familyOf({ singleFile, path, unetConfig, vae, textEncoders }: DiffusersModel): Family {
  if (singleFile !== null) return singleFile.family;
  if (vae === null) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${path}: it has no vae/ folder, so it works on pixels, and single-file checkpoints are of latent models; ` +
        'keep it as a folder',
      { model: path },
    );
  }
  const isXl = textEncoders.length === 2;
  if (isXl !== (unetConfig.textTime !== null)) {
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${path}: a UNet ${isXl ? 'without' : 'with'} pooled text and ${textEncoders.length} text encoders has no ` +
        'single-file layout; keep it as a folder',
      { model: path, numTextEncoders: textEncoders.length },
    );
  }
  const name: FamilyName = isXl ? 'sdxl' : unetConfig.useLinearProjection ? 'sd2' : 'sd1';
  const family = FAMILIES.find((each) => each.name === name);
  if (family === undefined) throw new SaraError('INTERNAL', `no family ${name} is listed`);
  return family;
}

/** A single file holds no tokenizer. */
async function requireClipTokenizers(model: DiffusersModel, family: Family): Promise<void> {
  if (model.singleFile !== null) return;
  for (const [i, { tokenizer }] of model.textEncoders.entries()) {
    const clip = new ClipTokenizer(await clipTokenizerDefinition(family.paddings[i]));
    if (tokenizer.hasVocabularyOf(clip)) continue;
    throw new SaraError(
      'MODEL_UNSUPPORTED',
      `${model.path}: tokenizer${i === 0 ? '' : `_${i + 1}`} has another vocabulary (${tokenizer.vocabSize} tokens) than ` +
        `CLIP's (${clip.vocabSize}), which programs use for single-file checkpoints; keep it as a folder`,
      { model: model.path, vocabSize: tokenizer.vocabSize },
    );
  }
}

/** UNet, autoencoder and text encoders under the family's names. */
function modelTensors(
  { unetConfig, unetFiles, vae, textEncoders }: DiffusersModel,
  { textPlaces }: Family,
  readUNet: SingleFileOptions['readUNet'],
): TensorSource[] {
  const sources = storedUNet(unetConfig).map((tensor) => storedSource(tensor, unetFiles.entries, readUNet));
  if (vae !== null) {
    for (const tensor of storedVae(vae.config))
      sources.push(storedSource(tensor, vae.files.entries, (name) => vae.files.read(name)));
  }
  for (const [i, { config, prefix, files }] of textEncoders.entries()) {
    for (const tensor of storedText(config, prefix, textPlaces[i]))
      sources.push(storedSource(tensor, files.entries, (name) => files.read(name)));
  }
  return sources;
}

/** Empty tensors by whose names other programs tell what an SDXL model estimates; see recognise.ts. */
function markers({ name }: Family, configs: ComponentConfigs): TensorSource[] {
  if (name !== 'sdxl' || !predictsVelocity(configs)) return [];
  const names = configs.scheduler.rescale_betas_zero_snr === true ? ['v_pred', 'ztsnr'] : ['v_pred'];
  return names.map((marker) => ({ name: marker, tensor: floatTensor([0]) }));
}

/** What else a single-file base holds: unused layers, buffers of other programs. */
function otherTensors({ singleFile }: DiffusersModel, written: ReadonlySet<string>): TensorSource[] {
  if (singleFile === null) return [];
  const { stored } = singleFile;
  return [...stored.entries.values()]
    .filter(({ name }) => !written.has(name) && !name.startsWith(MOVING_AVERAGE_PREFIX))
    .map(({ name, dtype, shape }) => ({ name, dtype, shape, load: () => stored.read(name) }));
}

function predictsVelocity({ scheduler }: ComponentConfigs): boolean {
  return scheduler.prediction_type === 'v_prediction';
}
