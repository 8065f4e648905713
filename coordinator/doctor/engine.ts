/** The worker program and what it can compute on. Each provider is tried in a process of its own: drivers crash. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { workerCommand } from '../worker-program.ts';
import { fail, ok, reasonOf, warn, type Check } from './check.ts';

/** Loading the runtime on a busy machine takes seconds, a GPU's driver some more. */
const PROBE_TIMEOUT_MS = 120_000;

const probeSchema = z.object({
  runtimeVersion: z.string(),
  providers: z.array(z.object({ name: z.string(), bundled: z.boolean() })),
  provider: z.string(),
  problem: z.string().nullable(),
});
export type ProviderProbe = z.output<typeof probeSchema>;

/** Providers a run can ask for, the CPU apart. */
const DEVICES = ['cuda', 'webgpu'] as const;
type Device = (typeof DEVICES)[number];

const CUDA_ADVICE = 'npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12 fetches its libraries';

export async function checkEngine(signal: AbortSignal): Promise<Check[]> {
  const cpu = await probe('cpu', signal);
  const gpu = judgeNvidia(await nvidiaDevices(signal), typeof cpu !== 'string' && isBundled(cpu, 'cuda'));
  if (typeof cpu === 'string') {
    const advice = 'install the dependencies again (npm ci) and build (npm run build)';
    return [fail('worker program', `it does not run: ${cpu}`, advice), gpu];
  }
  const devices: Check[] = [];
  for (const device of DEVICES)
    if (isBundled(cpu, device)) devices.push(judgeDevice(device, await probe(device, signal)));
  return [judgeCpu(cpu), ...devices, gpu];
}

/** @returns what it found, or in a sentence why the program itself failed */
async function probe(provider: 'cpu' | Device, signal: AbortSignal): Promise<ProviderProbe | string> {
  const { file, args } = workerCommand(['probe', provider]);
  try {
    const { stdout } = await promisify(execFile)(file, args, { timeout: PROBE_TIMEOUT_MS, signal });
    return probeSchema.parse(JSON.parse(stdout));
  } catch (error) {
    signal.throwIfAborted();
    const { stderr, signal: killedBy } = error as { stderr?: string; signal?: string | null };
    if (killedBy != null) return `it was ended by ${killedBy}`;
    const said = stderr?.trim().split('\n').at(-1) ?? '';
    return said === '' ? reasonOf(error) : said;
  }
}

export function judgeCpu({ runtimeVersion, providers, problem }: ProviderProbe): Check {
  const names = providers.map(({ name, bundled }) => (bundled ? name : `${name} (not installed)`));
  const found = `ONNX Runtime ${runtimeVersion}, providers ${names.join(', ')}`;
  if (problem === null) return ok('engine', found);
  return fail(
    'engine',
    `${found}; the cpu does not compute: ${problem}`,
    'install the dependencies again: npm ci',
  );
}

/** @param found a failed process says why */
export function judgeDevice(device: Device, found: ProviderProbe | string): Check {
  const problem = typeof found === 'string' ? found : found.problem;
  if (problem === null) return ok(`provider ${device}`, 'computes on this machine');
  return warn(
    `provider ${device}`,
    `does not work here: ${essence(problem)}`,
    `engine.provider: cpu works; ${device} needs a GPU with its driver`,
  );
}

/** @param devices null: no NVIDIA driver */
export function judgeNvidia(devices: readonly string[] | null, hasCuda: boolean): Check {
  if (devices === null) return ok('NVIDIA GPUs', 'none');
  const found = devices.join(', ');
  return hasCuda
    ? ok('NVIDIA GPUs', found)
    : warn('NVIDIA GPUs', `${found}; CUDA is not installed`, CUDA_ADVICE);
}

async function nvidiaDevices(signal: AbortSignal): Promise<string[] | null> {
  const { stdout } = await promisify(execFile)('nvidia-smi', ['-L'], { timeout: 10_000, signal }).catch(
    () => {
      signal.throwIfAborted();
      return { stdout: '' };
    },
  );
  const lines = stdout.split('\n').filter((line) => line.startsWith('GPU '));
  return lines.length === 0 ? null : lines.map((line) => line.replace(/ \(UUID.*$/, ''));
}

function isBundled({ providers }: ProviderProbe, device: Device): boolean {
  return providers.some(({ name, bundled }) => name === device && bundled);
}

/** Without the place in the runtime's source that it begins with; drivers tell long stories. */
function essence(problem: string): string {
  const text = problem.trim().replace(/^\S+:\d+ .* was false\. /s, '');
  const [line] = text.split('\n');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
