/** The tree's rules: who may import whom, where each package is at home, and that generated code is what proto/ says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { importCycles, readSources, type SourceFile } from '../support/source-files.ts';

/**
 * The parts of the worker, lowest first: a part may import from earlier rows, not from its neighbours in a row.
 * What is not listed (the worker's programs and the table of its actors) is on top.
 */
const WORKER_LAYERS: readonly (readonly string[])[] = [
  ['worker/engine/', 'worker/exchange/', 'worker/optim/'],
  ['worker/model/'],
  ['worker/diffusion/', 'worker/sara/', 'worker/training-graph.ts'],
  ['worker/data/', 'worker/checkpoint/'],
  ['worker/pictures/', 'worker/export/'],
  ['worker/stage/'],
  ['worker/artifacts/', 'worker/analysis/'],
];

/** Where a package may be imported: its border to our code. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  '@grpc/grpc-js': ['shared/rpc/'],
  '@kubernetes/client-node': ['coordinator/cli/kube/'],
  '@nats-io/': ['shared/messaging/', 'worker/exchange/'],
  protobufjs: ['worker/engine/onnx/', 'coordinator/tensorboard/'],
  'onnxruntime-node': ['worker/engine/onnx/'],
  '@tensorflow/': ['worker/engine/tfjs/', 'worker/tfjs-optimizer/'],
  sharp: ['worker/data/', 'worker/pictures/'],
  yaml: ['shared/config/', 'coordinator/access/'],
  'prom-client': ['shared/observe/metrics.ts'],
  '@opentelemetry/': ['shared/observe/tracing.ts'],
  '@peculiar/x509': ['coordinator/certificates/'],
  pino: ['shared/log.ts'],
  commander: ['coordinator/cli/', 'coordinator/main.ts', 'worker/cli/', 'worker/main.ts'],
};

/** Decisions apart from effects: no input, no output, no clock of their own. */
const PURE = [
  'coordinator/plan/planner.ts',
  'coordinator/schedule.ts',
  'worker/sara/',
  'worker/optim/',
  'worker/diffusion/',
];

const shared = readSources('shared');
const coordinator = readSources('coordinator');
const worker = readSources('worker');
const product = [...shared, ...coordinator, ...worker];

function imported(file: SourceFile): string[] {
  return file.imports.filter(({ isOurs }) => isOurs).map(({ target }) => target);
}

function violations(
  files: readonly SourceFile[],
  forbidden: (from: string, to: string) => boolean,
): string[] {
  return files.flatMap((file) =>
    imported(file)
      .filter((target) => forbidden(file.path, target))
      .map((target) => `${file.path} imports ${target}`),
  );
}

describe('the source tree', () => {
  it('keeps shared/ free of imports from the processes that share it', () => {
    assert.deepEqual(
      violations(shared, (_, to) => !to.startsWith('shared/')),
      [],
    );
  });

  it('lets coordinator/ and worker/ meet over the wire only', () => {
    assert.deepEqual(
      violations(coordinator, (_, to) => !/^(shared|coordinator)\//.test(to)),
      [],
    );
    assert.deepEqual(
      violations(worker, (_, to) => !/^(shared|worker)\//.test(to)),
      [],
    );
  });

  it('stacks the worker: engine, model, method and data, stage, artifacts, programs', () => {
    const partOf = (path: string): string => {
      const listed = WORKER_LAYERS.flat().find((part) => path.startsWith(part));
      return listed ?? 'on top';
    };
    const layerOf = (part: string): number => {
      const layer = WORKER_LAYERS.findIndex((parts) => parts.includes(part));
      return layer < 0 ? WORKER_LAYERS.length : layer;
    };
    const upward = violations(worker, (from, to) => {
      if (!to.startsWith('worker/')) return false;
      const [user, used] = [partOf(from), partOf(to)];
      return user !== used && layerOf(used) >= layerOf(user);
    });
    assert.deepEqual(upward, []);
    for (const part of WORKER_LAYERS.flat()) {
      assert.ok(
        worker.some(({ path }) => path.startsWith(part)),
        `${part} is listed and does not exist`,
      );
    }
  });

  it('lets nothing but its entry point use the command line', () => {
    const outside = coordinator.filter(
      ({ path }) => !path.startsWith('coordinator/cli/') && path !== 'coordinator/main.ts',
    );
    assert.deepEqual(
      violations(outside, (_, to) => to.startsWith('coordinator/cli/')),
      [],
    );
  });

  it('has no circles', () => {
    const circles = importCycles(product, () => true).map((cycle) => cycle.join(' -> '));
    assert.deepEqual(circles, []);
  });

  it('imports each package at its border only', () => {
    const strays = product.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => {
          const home = Object.entries(PACKAGE_HOMES).find(
            ([name]) => target === name || target.startsWith(name),
          );
          return home?.[1].every((folder) => !path.startsWith(folder)) ?? false;
        })
        .map(({ target }) => `${path} imports ${target}`),
    );
    assert.deepEqual(strays, []);
  });

  it('decides without the clock or randomness of the machine', () => {
    const impure = product
      .filter(({ path }) => PURE.some((pure) => path.startsWith(pure)))
      .filter(({ text }) =>
        /\b(Date\.now|performance\.now|Math\.random|process\.env|setTimeout)\b/.test(text),
      )
      .map(({ path }) => path);
    assert.deepEqual(impure, []);
  });

  it('has generated protocol code that is what proto/ gives', async function () {
    this.timeout(60_000);
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const folder = await mkdtemp(join(tmpdir(), 'sara-proto-'));
    try {
      const fresh = join(folder, 'sara.js');
      const command = scripts.proto.replace('shared/rpc/generated/sara.js', fresh);
      assert.notEqual(command, scripts.proto, 'the proto script writes elsewhere than this test thinks');
      const PATH = `${join('node_modules', '.bin')}:${process.env.PATH ?? ''}`;
      await promisify(execFile)('sh', ['-c', command], { env: { ...process.env, PATH } });
      for (const name of ['sara.js', 'sara.d.ts']) {
        const committed = await readFile(join('shared/rpc/generated', name), 'utf8');
        assert.ok(
          committed === (await readFile(join(folder, name), 'utf8')),
          `${name} is stale: npm run proto`,
        );
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
