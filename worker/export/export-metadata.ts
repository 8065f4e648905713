/**
 * What the header of an exported file says to the programs that list and load it.
 *
 *   modelspec.*   Stability's ModelSpec 1.0.0: architecture, implementation and title are compulsory
 *   ss_*          kohya's sd-scripts, which A1111 reads: ss_base_model_version and ss_v2 for the model family,
 *                 ss_output_name as the name in prompts; the six of SS_METADATA_MINIMUM_KEYS are compulsory
 *   sara_*        where it comes from, exactly
 *
 * @see https://github.com/Stability-AI/ModelSpec
 */
import { TOOL_VERSION } from '../../shared/version.ts';
import type { WeightedAdapter } from '../sara/adapter.ts';
import type { BaseUNet } from './base-unet.ts';
import {
  CHECKPOINT_IMPLEMENTATION,
  familyNames,
  modelFamily,
  pictureSize,
  type FamilyNames,
} from './model-family.ts';

const MODELSPEC_VERSION = '1.0.0';

/** What a person says about the file; null is left out. */
export interface Description {
  readonly title: string;
  readonly author: string | null;
  readonly description: string | null;
  readonly license: string | null;
  /** A phrase that calls up what was learned. */
  readonly trigger: string | null;
}

/** What made the tensors, in kohya's terms. */
export interface NetworkKind {
  readonly module: 'lycoris.kohya' | 'networks.lora';
  /** null where changes are kept in full. */
  readonly rank: number | null;
  readonly args: Readonly<Record<string, string>>;
}

/**
 * Metadata of an adapter file.
 *
 * @param date of the export
 * @returns without the hashes, see export-file.ts
 */
export function exportMetadata(
  base: BaseUNet,
  adapters: readonly WeightedAdapter[],
  network: NetworkKind,
  description: Description,
  date: Date,
): Record<string, string> {
  const names = namesOf(base);
  const rank = network.rank === null ? 'None' : String(network.rank);
  return {
    format: 'pt', // what PyTorch programs insist on
    ...modelspec(base, `${names.architecture}/lora`, names.implementation, description, date),
    ...prefixed('ss_', {
      v2: names.isV2 ? 'True' : 'False',
      base_model_version: names.baseVersion,
      network_module: network.module,
      network_dim: rank,
      network_alpha: rank,
      network_args: JSON.stringify(network.args),
      output_name: description.title,
      sd_model_name: base.name,
      ...trainingOf(adapters),
    }),
    sara_tool_version: TOOL_VERSION,
    sara_base_model_hash: base.hash,
    sara_adapters: describeAdapters(adapters),
  };
}

/** Metadata of a whole model in one file. */
export function checkpointMetadata(
  base: Pick<BaseUNet, 'config' | 'prediction'>,
  adapters: readonly WeightedAdapter[],
  title: string,
  date: Date,
): Record<string, string> {
  const description = { title, author: null, description: null, license: null, trigger: null };
  return {
    ...modelspec(base, namesOf(base).architecture, CHECKPOINT_IMPLEMENTATION, description, date),
    sara_merged: describeAdapters(adapters),
  };
}

function namesOf({ config, prediction }: Pick<BaseUNet, 'config' | 'prediction'>): FamilyNames {
  return familyNames(modelFamily(config), prediction ?? 'epsilon');
}

function modelspec(
  { config, prediction }: Pick<BaseUNet, 'config' | 'prediction'>,
  architecture: string,
  implementation: string,
  { title, author, description, license, trigger }: Description,
  date: Date,
): Record<string, string> {
  const size = pictureSize(config);
  return prefixed('modelspec.', {
    sai_model_spec: MODELSPEC_VERSION,
    architecture,
    implementation,
    title,
    author,
    description,
    license,
    trigger_phrase: trigger,
    date: date.toISOString().replace(/\.\d+Z$/, 'Z'),
    resolution: size === null ? null : `${size.width}x${size.height}`,
    prediction_type: prediction === 'v_prediction' ? 'v' : 'epsilon',
  });
}

/** Which adapters went in, and how much of each. */
export function describeAdapters(adapters: readonly WeightedAdapter[]): string {
  return JSON.stringify(
    adapters.map(({ adapter, strength }) => ({
      mask_digest: adapter.mask.digest,
      base_model_hash: adapter.metadata.baseModelHash,
      step: adapter.metadata.step,
      strength,
    })),
  );
}

/** Of one run; several have no common learning rate. */
function trainingOf(adapters: readonly WeightedAdapter[]): Readonly<Record<string, string>> {
  if (adapters.length !== 1) return {};
  const { learningRate, seed, step } = adapters[0].adapter.metadata;
  return { learning_rate: String(learningRate), seed: String(seed), steps: String(step) };
}

function prefixed(prefix: string, fields: Readonly<Record<string, string | null>>): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== null) named[prefix + key] = value;
  return named;
}
