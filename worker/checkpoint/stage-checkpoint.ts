/**
 * A stage's trained state on disk: one safetensors file per stage, written whole or not at all.
 *
 * Per tensor: `<name>.indices` (U32, absent where every entry is trained), `<name>.values`, and of the entries that
 * still train `<name>.active` (U32, absent while all do), `<name>.first`, `<name>.second` (moments); `<name>.average`
 * where values are averaged. Metadata: format, step, base hash, mask digests, number of re-selections.
 *
 * Names are the model's, not the stage's, so a run resumes with another cut: each stage takes its own tensors from
 * all files. Which files belong together is the checkpoint manifest's business (coordinator).
 */
import { stat } from 'node:fs/promises';
import { SaraError } from '../../shared/errors.ts';
import { SafetensorsFile, writeSafetensors, type TensorSource } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import {
  entryView,
  mergeVectors,
  sliceVector,
  SparseMask,
  type MaskEntry,
  type MaskTensor,
} from '../sara/mask.ts';
import { TrainableState } from '../sara/trainable-state.ts';

const FORMAT = 'sara-stage-checkpoint';
const FORMAT_VERSION = '1';

export interface StageCheckpoint {
  readonly state: TrainableState;
  /** Averaged values of the initial mask; null where the run keeps no average. */
  readonly average: Float32Array | null;
  /** Updates applied. */
  readonly step: number;
}

/**
 * @returns size of the file in bytes
 * @throws SaraError DISK_WRITE_FAILED; a file that stood there before is then still whole
 */
export async function writeCheckpoint(
  file: string,
  { state, average, step }: StageCheckpoint,
  base: { baseHash: string },
): Promise<number> {
  const { initialMask, activeMask, values, moments } = state;
  const narrowed = state.activePositions !== null || activeMask.count !== initialMask.count;
  const tensors: TensorSource[] = [];
  const add = (name: string, dtype: 'float32' | 'uint32', data: Float32Array | Uint32Array): void => {
    const tensor: Tensor = { dtype, shape: [data.length], data };
    tensors.push({ name, dtype, shape: tensor.shape, load: () => Promise.resolve(tensor) });
  };
  for (const entry of initialMask.entries) {
    if (entry.indices !== null) add(`${entry.name}.indices`, 'uint32', Uint32Array.from(entry.indices));
    add(`${entry.name}.values`, 'float32', entryView(entry, values));
    if (average !== null) add(`${entry.name}.average`, 'float32', entryView(entry, average));
    const active = activeMask.get(entry.name);
    if (narrowed) add(`${entry.name}.active`, 'uint32', Uint32Array.from(active?.indices ?? []));
    if (active === undefined) continue;
    add(`${entry.name}.first`, 'float32', entryView(active, moments.first));
    add(`${entry.name}.second`, 'float32', entryView(active, moments.second));
  }
  const shapes = Object.fromEntries(initialMask.entries.map((entry) => [entry.name, entry.shape]));
  await writeSafetensors(file, tensors, {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    base_model_hash: base.baseHash,
    step: String(step),
    num_reselections: String(state.numReselections),
    initial_mask_digest: initialMask.digest,
    active_mask_digest: activeMask.digest,
    shapes: JSON.stringify(shapes),
  });
  return (await stat(file)).size;
}

/**
 * The part of a checkpoint that belongs to one stage.
 * @param files all stage files of the checkpoint
 * @throws SaraError FILE_NOT_FOUND, FILE_CORRUPT naming file and field; ADAPTER_MISMATCH when it was made from
 *   another base model; STATE_CONFLICT when the files are not of one step
 */
export async function readCheckpoint(
  files: readonly string[],
  expected: { baseHash: string; owns: (name: string) => boolean },
): Promise<StageCheckpoint> {
  const parts: StageCheckpoint[] = [];
  for (const path of files) parts.push(await readStageFile(path, expected.baseHash));
  const [first] = parts;
  const other = parts.find(
    (part) => part.step !== first.step || part.state.numReselections !== first.state.numReselections,
  );
  if (other !== undefined) {
    throw new SaraError(
      'STATE_CONFLICT',
      `checkpoint files are of different steps, ${first.step} and ${other.step}: ${files.join(', ')}`,
      { first: first.step, other: other.step },
    );
  }
  const whole = TrainableState.merge(parts.map((part) => part.state));
  const state = whole.shard(expected.owns);
  const averages = parts.flatMap((part) =>
    part.average === null ? [] : [{ mask: part.state.initialMask, vector: part.average }],
  );
  const average =
    averages.length === parts.length ? sliceVector(mergeVectors(averages), state.initialMask) : null;
  return { state, average, step: first.step };
}

async function readStageFile(path: string, baseHash: string): Promise<StageCheckpoint> {
  const file = await SafetensorsFile.open(path);
  try {
    const metadata = (key: string): string => {
      const value = file.metadata.get(key);
      if (value === undefined)
        throw new SaraError(
          'FILE_CORRUPT',
          `${path}: metadata field ${key} is missing; this is no stage checkpoint`,
          { file: path, field: key },
        );
      return value;
    };
    if (metadata('format') !== FORMAT || metadata('format_version') !== FORMAT_VERSION) {
      throw new SaraError(
        'FILE_CORRUPT',
        `${path}: format is ${metadata('format')} ${metadata('format_version')}, expected ${FORMAT} ${FORMAT_VERSION}`,
        { file: path },
      );
    }
    if (metadata('base_model_hash') !== baseHash) {
      throw new SaraError(
        'ADAPTER_MISMATCH',
        `${path} was made from base model ${metadata('base_model_hash')}, this run's base is ${baseHash}`,
        { file: path, own: metadata('base_model_hash'), base: baseHash },
      );
    }
    const shapes = parseShapes(path, metadata('shapes'));
    const numbers = async <T extends Float32Array | Uint32Array>(key: string): Promise<T> =>
      (await file.read(key)).data as T;
    const optional = async <T extends Float32Array | Uint32Array>(key: string): Promise<T | null> =>
      file.entries.has(key) ? numbers<T>(key) : null;

    const initial: MaskTensor[] = [];
    const active: MaskTensor[] = [];
    for (const [name, shape] of shapes) {
      const indices = await optional<Uint32Array>(`${name}.indices`);
      const stillActive = await optional<Uint32Array>(`${name}.active`);
      initial.push({ name, shape, indices: indices && Int32Array.from(indices) });
      active.push({
        name,
        shape,
        indices: stillActive ? Int32Array.from(stillActive) : indices && Int32Array.from(indices),
      });
    }
    const initialMask = SparseMask.of(initial);
    const activeMask = SparseMask.of(active);
    requireDigest(path, 'initial_mask_digest', metadata('initial_mask_digest'), initialMask);
    requireDigest(path, 'active_mask_digest', metadata('active_mask_digest'), activeMask);
    const vector = async (mask: SparseMask, suffix: string): Promise<Float32Array> => {
      const out = new Float32Array(mask.count);
      for (const entry of mask.entries)
        out.set(
          requireLength(path, entry, suffix, await numbers<Float32Array>(entry.name + suffix)),
          entry.offset,
        );
      return out;
    };
    const hasAverage =
      initialMask.entries.every((entry) => file.entries.has(`${entry.name}.average`)) &&
      initialMask.count > 0;
    const state = new TrainableState({
      initialMask,
      values: await vector(initialMask, '.values'),
      activeMask,
      moments: { first: await vector(activeMask, '.first'), second: await vector(activeMask, '.second') },
      numReselections: Number(metadata('num_reselections')),
    });
    return {
      state,
      average: hasAverage ? await vector(initialMask, '.average') : null,
      step: Number(metadata('step')),
    };
  } finally {
    await file.close();
  }
}

function parseShapes(path: string, json: string): [string, readonly number[]][] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new SaraError(
      'FILE_CORRUPT',
      `${path}: metadata field shapes is not JSON`,
      { file: path },
      { cause },
    );
  }
  const isShape = (shape: unknown): shape is number[] =>
    Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d) && d > 0);
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  const bad = entries.find(([, shape]) => !isShape(shape));
  if (bad !== undefined)
    throw new SaraError('FILE_CORRUPT', `${path}: shape of ${bad[0]} is ${JSON.stringify(bad[1])}`, {
      file: path,
      tensor: bad[0],
    });
  return entries as [string, readonly number[]][];
}

function requireDigest(path: string, field: string, stored: string, mask: SparseMask): void {
  if (mask.digest !== stored) {
    throw new SaraError('FILE_CORRUPT', `${path}: ${field} is ${stored}, its indices give ${mask.digest}`, {
      file: path,
      stored,
      computed: mask.digest,
    });
  }
}

function requireLength(path: string, entry: MaskEntry, suffix: string, values: Float32Array): Float32Array {
  if (values.length !== entry.count) {
    throw new SaraError(
      'FILE_CORRUPT',
      `${path}: ${entry.name}${suffix} holds ${values.length} values for ${entry.count} entries`,
      { file: path, tensor: entry.name + suffix },
    );
  }
  return values;
}
