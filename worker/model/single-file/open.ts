/**
 * Opens a single-file checkpoint as what its diffusers folder would be: configs and, per component, a table of tensors
 * under diffusers' names that point into the user's file. Nothing is converted, nothing is copied.
 */
import { SaraError } from '../../../shared/errors.ts';
import { WeightFiles, type TensorEntry } from '../../../shared/safetensors.ts';
import { parseStrictJson } from '../../../shared/strict-json.ts';
import { parseClipTextConfig, type ClipTextConfig, type ClipTextPrefix } from '../clip-text.ts';
import { parseUNetConfig, type UNetConfig } from '../diffusers-config.ts';
import type { VaePart } from '../latent-codec.ts';
import { checkParameters } from '../parameters.ts';
import { parseVaeConfig } from '../vae.ts';
import type { Family, FamilyConfigs } from './families.ts';
import { hasZeroTerminalSnr, recogniseFamily, recognisePrediction } from './recognise.ts';
import { partEntries, type StoredTensor } from './stored-tensors.ts';
import { storedText } from './text-names.ts';
import { storedUNet } from './unet-names.ts';
import { storedVae } from './vae-names.ts';

export interface SingleFile {
  readonly family: Family;
  /** The whole file under its own names. */
  readonly stored: WeightFiles;
  readonly configs: FamilyConfigs;
  readonly unet: { readonly config: UNetConfig; readonly files: WeightFiles };
  readonly vae: VaePart;
  readonly textEncoders: readonly {
    readonly config: ClipTextConfig;
    readonly files: WeightFiles;
    readonly prefix: ClipTextPrefix;
  }[];
}

/** Metadata key under which this program's own checkpoints carry {@link FamilyConfigs}, for sizes of any kind. */
export const CONFIGS_KEY = 'sara.configs';

const PREFIX = 'text_model.';

/**
 * @param path of a `.safetensors` file; closing any of the components' tables closes all
 * @throws SaraError FILE_NOT_FOUND; FILE_CORRUPT when it is cut short, or its tensors are not those of its family;
 *   MODEL_UNSUPPORTED for a pickle, and for anything but a whole model of a known family
 */
export async function openSingleFile(path: string): Promise<SingleFile> {
  const file = await WeightFiles.openFile(path);
  try {
    const stored = file.view(asPublished(file.entries));
    const family = recogniseFamily(stored.entries, path);
    const own = ownConfigs(stored, path);
    const configs = own ?? (await publishedConfigs(family, stored));
    const source = (component: string): string => `${component} of ${own === null ? family.title : path}`;

    const view = (tensors: readonly StoredTensor[], component: string): WeightFiles => {
      const wanted = new Map(tensors.map(({ name, shape }) => [name, shape]));
      checkParameters(wanted, stored.entries, path, source(component));
      return stored.view(partEntries(tensors, stored.entries));
    };
    const unetConfig = parseUNetConfig(configs.unet, source('unet'));
    const vaeConfig = parseVaeConfig(configs.vae, source('vae'));
    const textEncoders = family.textPlaces.map((place, i) => {
      const component = i === 0 ? 'text_encoder' : `text_encoder_${i + 1}`;
      const parsed = parseClipTextConfig(configs.textEncoders[i], source(component));
      const config: ClipTextConfig =
        place.form === 'openclip' ? { ...parsed, projectionForm: 'matrix' } : parsed;
      return { config, files: view(storedText(config, PREFIX, place), component), prefix: PREFIX } as const;
    });
    return {
      family,
      stored,
      configs,
      unet: { config: unetConfig, files: view(storedUNet(unetConfig), 'unet') },
      vae: { config: vaeConfig, files: view(storedVae(vaeConfig), 'vae') },
      textEncoders,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The family's published configs, for what this file's UNet estimates. */
async function publishedConfigs(family: Family, stored: WeightFiles): Promise<FamilyConfigs> {
  const prediction = await recognisePrediction(family, stored);
  return family.configs(prediction, hasZeroTerminalSnr(stored.entries, prediction));
}

/** More than any config nests. */
const CONFIG_DEPTH = 8;

/** What a checkpoint of this program says of itself; null for everybody else's. */
function ownConfigs({ metadata }: WeightFiles, path: string): FamilyConfigs | null {
  const text = metadata.get(CONFIGS_KEY);
  if (text === undefined) return null;
  try {
    const configs = parseStrictJson(text, CONFIG_DEPTH) as Partial<FamilyConfigs> | null;
    if (configs?.unet && configs.vae && configs.scheduler && Array.isArray(configs.textEncoders))
      return configs as FamilyConfigs;
  } catch {
    // Said below.
  }
  throw new SaraError(
    'FILE_CORRUPT',
    `${path}: its metadata "${CONFIGS_KEY}" are not the configs of a model`,
    {
      file: path,
    },
  );
}

/** Names that merging and converting programs have given tensors, and what published checkpoints call them. */
const ALIASES: readonly (readonly [pattern: RegExp, published: string])[] = [
  [
    /^(cond_stage_model\.transformer\.|conditioner\.embedders\.0\.transformer\.)(?=embeddings\.|encoder\.|final_layer_norm\.)/,
    '$1text_model.',
  ],
  [/^(first_stage_model\.(?:encoder|decoder)\.mid\.attn_1\.)to_([qkv])\./, '$1$2.'],
  [/^(first_stage_model\.(?:encoder|decoder)\.mid\.attn_1\.)to_out\.0\./, '$1proj_out.'],
];

/** Published as 1x1 convolutions; some programs write the linears that they are. */
const VAE_ATTENTION_WEIGHT =
  /^first_stage_model\.(?:encoder|decoder)\.mid\.attn_1\.(?:q|k|v|proj_out)\.weight$/;

/** Every tensor under the name and in the shape that published checkpoints have. */
function asPublished(entries: ReadonlyMap<string, TensorEntry>): TensorEntry[] {
  return Array.from(entries.values(), (entry) => {
    const alias = ALIASES.reduce(
      (found, [pattern, published]) => found.replace(pattern, published),
      entry.name,
    );
    const name = entries.has(alias) ? entry.name : alias;
    const isLinear = VAE_ATTENTION_WEIGHT.test(name) && entry.shape.length === 2;
    return { ...entry, name, shape: isLinear ? [...entry.shape, 1, 1] : entry.shape };
  });
}
