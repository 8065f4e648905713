/**
 * An adapter as a LoRA of chosen rank: of each layer's change the part that a product of two thin matrices can hold.
 *
 *   linear       down [rank, in], up [out, rank]
 *   convolution  down [rank, in, kh, kw], up [out, rank, 1, 1]: the kernel flattened into the columns
 *
 * Sparse changes are not of low rank by themselves, so how much of the change is kept (its energy, the sum of squares)
 * is told per layer and in total. Biases and norms have no place in a LoRA; what they hold counts as lost.
 */
import { encodeWeights } from '../sara/encode-weights.ts';
import { entryView, explicitIndices, type MaskEntry, type MaskedVector } from '../sara/mask.ts';
import type { MaskedMatrix } from '../sara/polar-factor.ts';
import type { BaseUNet } from './base-unet.ts';
import type { ExportDType, ExportTensor } from './export-file.ts';
import type { NetworkKind } from './export-metadata.ts';
import { loraNames, parameterPlace, type LoraLayout } from './key-names.ts';
import { lowRankFactors, type LowRankFactors } from './low-rank.ts';

export interface LoraOptions {
  /** At least 1; layers with a shorter side below it keep all of their change. */
  readonly rank: number;
  readonly layout: LoraLayout;
  readonly dtype: ExportDType;
  /** Called after each layer. */
  readonly onLayer?: (numDone: number, numLayers: number) => void;
  readonly signal?: AbortSignal;
}

export interface LoraLayer {
  /** diffusers name. */
  readonly module: string;
  readonly rank: number;
  /** Sum of the squares of the layer's change. */
  readonly energy: number;
  /** Of these, what the LoRA holds. */
  readonly capturedEnergy: number;
}

export interface Lora {
  readonly tensors: readonly ExportTensor[];
  readonly layers: readonly LoraLayer[];
  /** Sum of the squares of the whole change, biases and norms included. */
  readonly energy: number;
  readonly capturedEnergy: number;
}

export function loraNetwork(rank: number): NetworkKind {
  const text = String(rank);
  return { module: 'networks.lora', rank, args: { conv_dim: text, conv_alpha: text } };
}

/**
 * Decomposes every layer; the factors of all layers are held, in their final element type.
 * @throws SaraError NOT_FINITE when a factor leaves the range of `dtype`; the signal's reason
 */
export async function loraOf(base: BaseUNet, deltas: MaskedVector, options: LoraOptions): Promise<Lora> {
  const entries = deltas.mask.entries.filter(({ shape }) => shape.length > 1);
  const tensors: ExportTensor[] = [];
  const layers: LoraLayer[] = [];
  for (const [i, entry] of entries.entries()) {
    options.signal?.throwIfAborted();
    const factors = lowRankFactors(matrixOf(entry, deltas.vector), options.rank, i);
    const { module } = parameterPlace(entry.name);
    layers.push({
      module,
      rank: factors.rank,
      energy: factors.energy,
      capturedEnergy: factors.capturedEnergy,
    });
    if (factors.rank > 0) tensors.push(...tensorsOf(base, entry, factors, options));
    options.onLayer?.(i + 1, entries.length);
    // Ctrl-C and progress get their turn between layers.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    tensors,
    layers,
    energy: deltas.vector.reduce((sum, delta) => sum + delta ** 2, 0),
    capturedEnergy: layers.reduce((sum, { capturedEnergy }) => sum + capturedEnergy, 0),
  };
}

function matrixOf(entry: MaskEntry, vector: Float32Array): MaskedMatrix {
  const [rows, ...rest] = entry.shape;
  return {
    rows,
    columns: rest.reduce((product, size) => product * size, 1),
    indices: explicitIndices(entry),
    values: entryView(entry, vector),
  };
}

function tensorsOf(
  { config }: BaseUNet,
  { name, shape }: MaskEntry,
  factors: LowRankFactors,
  options: LoraOptions,
): ExportTensor[] {
  const { layout, dtype } = options;
  const names = loraNames(config, parameterPlace(name).module, layout);
  // diffusers before 0.40 scales layers that say no alpha by the rank that most of them have.
  const { rank, up, down } = names.alpha === null ? padded(factors, options.rank) : factors;
  const [out, ...input] = shape;
  const kernel = input.slice(1);
  const tensor = (key: string, keyShape: readonly number[], values: Float32Array): ExportTensor => {
    const data = encodeWeights(
      { name: key, dtype },
      values,
      'exported',
      'choose float32, or a lower strength',
    );
    return {
      name: key,
      dtype,
      shape: keyShape,
      load: () => Promise.resolve({ dtype, shape: keyShape, data }),
    };
  };
  const tensors = [
    tensor(names.up, [out, rank, ...kernel.map(() => 1)], Float32Array.from(up)),
    tensor(names.down, [rank, ...input], Float32Array.from(down)),
  ];
  // Readers scale by alpha over rank; equal, they scale by one.
  if (names.alpha !== null) tensors.push(tensor(names.alpha, [], Float32Array.of(rank)));
  return tensors;
}

/** The same product by factors of a larger rank: zeros in the columns of `up` and rows of `down` added. */
function padded(factors: LowRankFactors, rank: number): Pick<LowRankFactors, 'rank' | 'up' | 'down'> {
  const { rank: own, up, down } = factors;
  if (own === rank) return factors;
  const rows = up.length / own;
  const wideUp = new Float64Array(rows * rank);
  for (let r = 0; r < rows; r++) wideUp.set(up.subarray(r * own, (r + 1) * own), r * rank);
  const tallDown = new Float64Array((down.length / own) * rank);
  tallDown.set(down);
  return { rank, up: wideUp, down: tallDown };
}
