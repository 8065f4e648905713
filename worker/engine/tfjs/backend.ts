/**
 * Which backend of tfjs executes: the fastest that can be loaded, or the one asked for.
 *
 * TensorFlow's packages are optional peers: a machine without them runs on WebAssembly, which comes with this project,
 * as does plain JavaScript, which runs everywhere and is for checking the others.
 */
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { SaraError } from '../../../shared/errors.ts';
import { FORMULATIONS, type Formulation, type RegisteredBackend } from './formulation.ts';

export const BACKENDS = ['node-gpu', 'node', 'wasm', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

const PACKAGES: Readonly<
  Record<BackendName, { readonly specifier: string; readonly registersAs: RegisteredBackend }>
> = {
  'node-gpu': { specifier: '@tensorflow/tfjs-node-gpu', registersAs: 'tensorflow' },
  node: { specifier: '@tensorflow/tfjs-node', registersAs: 'tensorflow' },
  wasm: { specifier: '@tensorflow/tfjs-backend-wasm', registersAs: 'wasm' },
  cpu: { specifier: '@tensorflow/tfjs-backend-cpu', registersAs: 'cpu' },
};

interface Loaded {
  readonly name: BackendName;
  readonly instance: tf.KernelBackend;
}

/** What runs in this process under each name; tfjs keeps the first package that registers and ignores the rest. */
const loaded = new Map<RegisteredBackend, Loaded>();

/** One after the other: tfjs gives up initialising a backend when it is told to initialise a second. */
let loading: Promise<unknown> = Promise.resolve();

export class Backend {
  readonly name: BackendName;
  /** Name, and why a faster one is not used. */
  readonly device: string;
  readonly formulation: Formulation;
  readonly #registeredAs: RegisteredBackend;
  readonly #instance: tf.KernelBackend;

  private constructor({ name, instance }: Loaded, device: string) {
    this.name = name;
    this.device = device;
    this.#registeredAs = PACKAGES[name].registersAs;
    this.#instance = instance;
    this.formulation = FORMULATIONS[this.#registeredAs];
  }

  /**
   * @param choice a backend, or auto: the first of {@link BACKENDS} that can be loaded
   * @param numThreads of one operator, where the backend has threads (TensorFlow, when it is first loaded)
   * @throws SaraError CONFIG_INVALID when the one asked for cannot be loaded, with its own words
   */
  static load(choice: BackendName | 'auto', numThreads: number): Promise<Backend> {
    const own = loading.then(() => Backend.#load(choice, numThreads));
    loading = own.catch(() => undefined);
    return own;
  }

  static async #load(choice: BackendName | 'auto', numThreads: number): Promise<Backend> {
    // What a script's author should hear (that other backends are faster) is in the device's name here.
    tf.env().set('PROD', true);
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    process.env.TF_NUM_INTRAOP_THREADS ??= String(numThreads);
    const refusals: string[] = [];
    for (const name of choice === 'auto' ? BACKENDS : [choice]) {
      const result = await loadPackage(name);
      if (typeof result !== 'string')
        return new Backend(result, [`tfjs ${name}`, ...notes(result), ...refusals].join('; '));
      refusals.push(`${name}: ${result}`);
    }
    const wanted = choice === 'auto' ? 'a backend' : PACKAGES[choice].specifier;
    throw new SaraError(
      'CONFIG_INVALID',
      `the tfjs engine cannot use backend ${refusals.join('; ')}. Install ${wanted} or set engine.backend: auto`,
      { backend: choice },
    );
  }

  /** Makes this backend the one that tfjs runs on, which is one for the whole process: holds until the next await. */
  activate(): void {
    if (tf.getBackend() === this.#registeredAs) return;
    // An initialised backend is set at once; the promise only says that it was.
    void tf.setBackend(this.#registeredAs);
    if (tf.backend() !== this.#instance)
      throw new SaraError('INTERNAL', `tfjs did not switch to its backend ${this.#registeredAs}`);
  }

  /** Lets the process see to its other business. */
  async yield(): Promise<void> {
    await setImmediate();
    this.activate();
  }
}

/** @returns the backend, or why not */
async function loadPackage(name: BackendName): Promise<Loaded | string> {
  const { specifier, registersAs } = PACKAGES[name];
  const known = loaded.get(registersAs);
  if (known !== undefined)
    return known.name === name ? known : `${known.name} is loaded in this process already`;
  try {
    await import(specifier);
    if (!(await tf.setBackend(registersAs))) return `${specifier} could not be initialised`;
  } catch (cause) {
    return reasonOf(cause, specifier);
  }
  if (registersAs === 'wasm') refuseExhaustedHeap();
  const own = { name, instance: tf.backend() };
  loaded.set(registersAs, own);
  return own;
}

function reasonOf(cause: unknown, specifier: string): string {
  const { code, message } = (
    cause instanceof Error ? cause : new Error(String(cause))
  ) as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(specifier)) return 'not installed';
  return message.split('\n')[0].trim();
}

function notes({ name, instance }: Loaded): string[] {
  const { isUsingGpuDevice } = instance as { isUsingGpuDevice?: boolean };
  return name === 'node-gpu' && isUsingGpuDevice === false ? ['no GPU found, on the CPU'] : [];
}

/** What the allocator asks for beyond a request, at most. */
const HEAP_MARGIN_BYTES = 2 ** 20;

/**
 * The backend does not look at what malloc answers. At the end of the 4 GiB that WebAssembly can address that is 0, or
 * an address past the end of the heap whose sum with the size wraps around: either way the next write lands in someone
 * else's memory. So refuse a request that the heap might have to grow past its end for, although there may be a hole for
 * it: the heap never shrinks, and what malloc would do cannot be asked without doing it.
 */
function refuseExhaustedHeap(): void {
  // Emscripten replaces each export by the real one at its first call; make that call before wrapping it.
  tf.scalar(0).dispose();
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(numBytes: number): number; readonly HEAPU8: Uint8Array };
  };
  const malloc = wasm._malloc.bind(wasm);
  wasm._malloc = (numBytes) => {
    const heapBytes = wasm.HEAPU8.length;
    const fits = heapBytes + numBytes + HEAP_MARGIN_BYTES <= 2 ** 32;
    const address = fits ? malloc(numBytes) : 0;
    if (address === 0 && numBytes > 0) {
      throw new RangeError(
        `the heap of WebAssembly has ${heapBytes} bytes and no room for ${numBytes} more: 4 GiB is its end`,
      );
    }
    return address;
  };
}
