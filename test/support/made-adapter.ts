/** Adapters for recorded UNets, as training would leave them, without the training. */
import { baseModelHash } from '../../shared/digest.ts';
import { WeightFiles } from '../../shared/safetensors.ts';
import { makeAdapter, type Adapter, type AdapterMetadata } from '../../worker/sara/adapter.ts';
import { selectByThreshold, type NamedTensor } from '../../worker/sara/selection.ts';
import { someNumbers } from './numbers.ts';

export interface MadeAdapterOptions {
  /** Entries of smaller magnitude are changed. */
  readonly threshold?: number;
  /** Of the pseudo-random change. */
  readonly seed?: number;
  /** Its largest magnitude. */
  readonly size?: number;
  readonly metadata?: Partial<AdapterMetadata>;
}

/** @param unet its folder, or its opened weights */
export async function makeAdapterFor(
  unet: string | WeightFiles,
  options: MadeAdapterOptions = {},
): Promise<Adapter> {
  if (typeof unet !== 'string') return adapterOf(unet, options);
  const files = await WeightFiles.open(unet, 'diffusion_pytorch_model');
  try {
    return await adapterOf(files, options);
  } finally {
    await files.close();
  }
}

async function adapterOf(
  files: WeightFiles,
  { threshold = 0.02, seed = 1, size = 1e-2, metadata = {} }: MadeAdapterOptions,
): Promise<Adapter> {
  const hash = await baseModelHash(files);
  const { mask, values } = await selectByThreshold(tensorsOf(files), threshold);
  const change = someNumbers(mask.count, seed);
  const trained = values.map((value, i) => value + size * change[i]);
  return makeAdapter(mask, trained, values, {
    baseModelHash: hash,
    threshold,
    fraction: null,
    stage: 1,
    step: 40,
    rankWeight: 5e-3,
    learningRate: 2e-4,
    seed: 7n,
    zeroTerminalSnr: false,
    toolVersion: 'test',
    ...metadata,
  });
}

async function* tensorsOf(files: WeightFiles): AsyncGenerator<NamedTensor> {
  for (const { name, shape } of files.entries.values())
    yield { name, shape, data: (await files.readFloat32(name)).data };
}
