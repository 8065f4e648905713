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
import { fileDigest } from '../../shared/digest.ts';
import { SaraError } from '../../shared/errors.ts';
import { writeSafetensors, type TensorSource } from '../../shared/safetensors.ts';
import type { Tensor } from '../../shared/tensor.ts';
import {
  entryView,
  mergeVectors,
  sliceVector,
  type SparseMask,
  type MaskedVector,
  type MaskTensor,
} from '../sara/mask.ts';
import { TrainableState } from '../sara/trainable-state.ts';
import { FORMAT, FORMAT_VERSION, StageFile } from './stage-file.ts';

export interface StageCheckpoint {
  readonly state: TrainableState;
  /** Averaged values of the initial mask; null where the run keeps no average. */
  readonly average: Float32Array | null;
  /** Updates applied. */
  readonly step: number;
}

/**
 * @returns size of the file in bytes, and the SHA-256 of them
 * @throws SaraError DISK_WRITE_FAILED; a file that stood there before is then still whole
 */
export async function writeCheckpoint(
  file: string,
  { state, average, step }: StageCheckpoint,
  base: { baseHash: string },
): Promise<{ sizeBytes: number; digest: string }> {
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
  return { sizeBytes: (await stat(file)).size, digest: await fileDigest(file) };
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
  const state = TrainableState.merge(parts.map((part) => part.state)).shard(expected.owns);
  return { state, average: sharedAverage(parts, state.initialMask), step: first.step };
}

/** The average of the entries of `mask`; null unless every part that trains something has one. */
function sharedAverage(parts: readonly StageCheckpoint[], mask: SparseMask): Float32Array | null {
  const averages: MaskedVector[] = [];
  for (const { state, average } of parts) {
    if (state.initialMask.count === 0) continue;
    if (average === null) return null;
    averages.push({ mask: state.initialMask, vector: average });
  }
  return averages.length === 0 ? null : sliceVector(mergeVectors(averages), mask);
}

async function readStageFile(path: string, baseHash: string): Promise<StageCheckpoint> {
  const file = await StageFile.open(path);
  try {
    const own = file.metadata('base_model_hash');
    if (own !== baseHash) {
      const message = `${path} was made from base model ${own}, this run's base is ${baseHash}`;
      throw new SaraError('ADAPTER_MISMATCH', message, { file: path, own, base: baseHash });
    }
    const initial: MaskTensor[] = [];
    const active: MaskTensor[] = [];
    for (const [name, shape] of file.shapes()) {
      const indices = await file.indices(`${name}.indices`);
      initial.push({ name, shape, indices });
      active.push({ name, shape, indices: (await file.indices(`${name}.active`)) ?? indices });
    }
    const initialMask = file.mask(initial, 'initial_mask_digest');
    const activeMask = file.mask(active, 'active_mask_digest');
    const hasAverage =
      initialMask.count > 0 && initialMask.entries.every(({ name }) => file.has(`${name}.average`));
    const parts = {
      initialMask,
      values: await file.vector(initialMask, '.values'),
      activeMask,
      moments: {
        first: await file.vector(activeMask, '.first'),
        second: await file.vector(activeMask, '.second'),
      },
      numReselections: file.wholeNumber('num_reselections'),
    };
    return {
      state: file.orCorrupt(() => new TrainableState(parts)),
      average: hasAverage ? await file.vector(initialMask, '.average') : null,
      step: file.wholeNumber('step'),
    };
  } finally {
    await file.close();
  }
}
