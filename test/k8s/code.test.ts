/** What the manifests say of the code is so: variables, arguments, ports, versions, exit codes, metrics. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DEFAULT_COORDINATOR, DEFAULT_NAMESPACE } from '../../coordinator/cli/options.ts';
import { ERROR_CODES } from '../../shared/errors.ts';
import { METRICS } from '../../shared/observe/metric-table.ts';
import { CERTIFICATE_NAMES } from '../../shared/parts.ts';
import { imageConfig, readStages, copies } from '../support/k8s/dockerfile.ts';
import { buildOverlay, kustomizeAbsence, OVERLAYS } from '../support/k8s/kustomize.ts';
import { ofKind, workloads, type Container } from '../support/k8s/objects.ts';
import { SaraCommand, type Program } from '../support/sara-command.ts';

/** Of Node and of the manifests themselves. */
const OTHER_VARIABLES = ['NODE_OPTIONS', 'NODE_ENV', 'POD_NAME', 'POD_IP', 'INDEX'];

/** The image's program as it is here. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  '/app/dist/coordinator/main.js': 'coordinator/main.ts',
  '/app/dist/worker/main.js': 'worker/main.ts',
};

async function helpOf(program: Program, command: string): Promise<string> {
  const process = await SaraCommand.start([command, '--help'], {}, program);
  try {
    const { code, stdout } = await process.exit();
    assert.equal(code, 0, `${program} ${command} --help`);
    // Commander breaks lines, also between a variable's name and what stands before it.
    return stdout.replace(/\s+/g, ' ');
  } finally {
    await process.dispose();
  }
}

/** The image of a container of ours: its target in the Dockerfile. */
function targetOf({ image }: Container): string | null {
  return /^sara\/([a-z-]+):/.exec(image)?.[1] ?? null;
}

function everyContainer(): { readonly where: string; readonly container: Container }[] {
  return OVERLAYS.flatMap((overlay) =>
    workloads(buildOverlay(overlay)).flatMap(({ title, template }) =>
      template.spec.containers.map((container) => ({ where: `${overlay}, ${title}`, container })),
    ),
  );
}

/** Metrics that an expression of PromQL asks for, without what histograms add to a name. */
function metricsIn(expression: string): string[] {
  return (expression.match(/\bsara_[a-z_]+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

describe('what manifests say of the code', function () {
  before(function () {
    if (kustomizeAbsence === null) return;
    if (process.env.CI !== undefined) throw new Error(kustomizeAbsence);
    this.skip();
  });

  it('starts programs that there are, with variables and flags that they read', async () => {
    const helps = new Map<string, string>();
    for (const { where, container } of everyContainer()) {
      const target = targetOf(container);
      if (target === null) continue;
      const image = imageConfig(target);
      const program = PROGRAMS[image.entrypoint.at(-1) ?? ''];
      const [command, ...args] = container.args ?? image.cmd;
      const key = `${program} ${command}`;
      const help = helps.get(key) ?? (await helpOf(program, command));
      helps.set(key, help);
      for (const { name } of container.env ?? [])
        assert.ok(OTHER_VARIABLES.includes(name) || help.includes(`env: ${name})`), `${where}: ${name}`);
      for (const flag of args.filter((arg) => arg.startsWith('--')))
        assert.ok(help.includes(` ${flag} `), `${where}: ${flag}`);
    }
    assert.equal(helps.size, 3);
  });

  it('opens the ports that the variables name, and the coordinator its usual one', () => {
    for (const { where, container } of everyContainer()) {
      const value = (name: string): string | undefined =>
        container.env?.find((variable) => variable.name === name)?.value;
      for (const [name, variable] of [
        ['grpc', 'SARA_LISTEN'],
        ['http', 'SARA_HTTP'],
      ]) {
        const address = value(variable);
        if (address === undefined) continue;
        const port = container.ports?.find((one) => one.name === name)?.containerPort;
        assert.equal(address, `0.0.0.0:${port}`, where);
      }
      if (targetOf(container) === 'coordinator' && container.ports !== undefined)
        assert.equal(value('SARA_LISTEN')?.split(':')[1], DEFAULT_COORDINATOR.split(':')[1], where);
    }
  });

  it('has the namespace that the command line expects, and certificates with the names of the parts', () => {
    const objects = buildOverlay('local');
    assert.equal(ofKind(objects, 'Namespace')[0].metadata.name, DEFAULT_NAMESPACE);
    for (const [part, name] of Object.entries(CERTIFICATE_NAMES)) {
      const certificate = ofKind(objects, 'Certificate').find(({ metadata }) => metadata.name === part);
      assert.deepEqual((certificate?.spec as { dnsNames: string[] }).dnsNames, [name]);
    }
  });

  it('runs the nats-server that the bootstrap would install, and images of the version of this package', () => {
    const [, natsVersion] =
      /RELEASE_VERSION = '([\d.]+)'/.exec(readFileSync('shared/bootstrap.mjs', 'utf8')) ?? [];
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const { where, container } of everyContainer()) {
      const [name, tag] = container.image.split(':');
      assert.equal(tag, name === 'nats' ? `${natsVersion}-alpine` : version, where);
    }
  });

  it('gives up a job where trying again cannot help, and only there', () => {
    const isFinal = new Map<number, boolean>();
    for (const [code, { exitCode, disposition }] of Object.entries(ERROR_CODES)) {
      const own = disposition === 'fatal-user' || code === 'CANCELLED';
      isFinal.set(exitCode, (isFinal.get(exitCode) ?? true) && own);
    }
    const final = [...isFinal].filter(([, is]) => is).map(([exitCode]) => exitCode);
    const jobs = workloads(buildOverlay('kueue')).filter(({ spec }) => spec.podFailurePolicy !== undefined);
    assert.equal(jobs.length, 4);
    for (const { title, spec } of jobs) {
      const [ignore, fail] = spec.podFailurePolicy?.rules ?? [];
      assert.equal(ignore.action, 'Ignore', title);
      assert.equal(fail.action, 'FailJob', title);
      assert.deepEqual(
        fail.onExitCodes?.values,
        final.sort((a, b) => a - b),
        title,
      );
    }
  });

  it('asks Prometheus for metrics that there are, with labels that they have', () => {
    const known = new Map(
      Object.values(METRICS).map(({ name, labels }) => [name as string, labels as readonly string[]]),
    );
    const objects = buildOverlay('autoscale');
    const texts = ['PrometheusRule', 'ScaledObject'].flatMap((kind) =>
      ofKind(objects, kind).map(({ spec }) => JSON.stringify(spec)),
    );
    const dashboard = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'dashboard');
    const panels = (
      JSON.parse(dashboard?.data?.['dashboard.json'] ?? '') as { panels: { targets: { expr: string }[] }[] }
    ).panels;
    const expressions = [...texts, ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];
    const used = new Set(expressions.flatMap(metricsIn));
    for (const name of used) assert.ok(known.has(name), name);
    for (const text of expressions)
      for (const [, name, labels] of text.matchAll(/\b(sara_[a-z_]+)\{([^}]*)\}/g))
        for (const [, label] of labels.matchAll(/(\w+)=~?\\?"/g))
          assert.ok(
            ['namespace', 'pod', ...(known.get(metricsIn(name)[0]) ?? [])].includes(label),
            `${name} has no label ${label}`,
          );
    assert.ok(used.size > 15);
  });

  it('explains every alert in its README', () => {
    const readme = readFileSync('k8s/README.md', 'utf8');
    const [rule] = ofKind(buildOverlay('gpu'), 'PrometheusRule');
    const { groups } = rule.spec as { groups: { rules: { alert: string }[] }[] };
    for (const { alert } of groups.flatMap(({ rules }) => rules))
      assert.ok(readme.includes(`| \`${alert}\``), alert);
  });
}).timeout(300_000);

describe('the images', () => {
  const stages = readStages();
  const targets = ['coordinator', 'worker', 'worker-cuda', 'worker-tfjs'];

  it('begin with versions, not with whatever is latest', () => {
    for (const { name, from } of stages.values())
      if (!stages.has(from))
        assert.match(from, /^[a-z/]+:\d+\.\d+\.\d+-[a-z0-9.-]+(@sha256:[0-9a-f]{64})?$/, name);
  });

  it('run as a user without a name or a right, and say how they are', () => {
    for (const target of targets) {
      const { user, entrypoint, cmd } = imageConfig(target);
      assert.equal(user, '10001:10001', target);
      assert.ok(entrypoint.length > 0 && cmd.length === 1, target);
      assert.ok(
        stages.get(target)?.instructions.some((one) => one.getKeyword() === 'HEALTHCHECK'),
        target,
      );
    }
  });

  it('install what the lockfile says, without what only development needs', () => {
    const commands = [...stages.values()].flatMap(({ name, instructions }) =>
      instructions
        .filter((one) => one.getKeyword() === 'RUN')
        .map((one) => ({ name, text: one.getArgumentsContent() ?? '' })),
    );
    const installs = commands.filter(({ text }) => /\bnpm (ci|install)\b/.test(text));
    assert.deepEqual(
      installs.map(({ name }) => name),
      ['build', 'packages', 'cuda-packages'],
    );
    for (const { name, text } of installs) {
      assert.match(text, /npm ci/, name);
      assert.equal(text.includes('--omit=dev'), name !== 'build', name);
    }
  });

  it('take from the build what the ignore file lets through, and nothing of the build but its results', () => {
    const allowed = readFileSync('k8s/images/Dockerfile.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const stage of stages.values())
      for (const { from, sources } of copies(stage)) {
        if (from === null)
          for (const source of sources)
            assert.ok(
              allowed.some((path) => source === path || source.startsWith(`${path}/`)),
              source,
            );
        else assert.ok(stages.has(from), from);
      }
    for (const target of targets)
      for (const { from, sources } of copies(stages.get(target) ?? assert.fail(target)))
        if (from === 'build')
          for (const source of sources)
            assert.match(
              source,
              /^\/app\/(dist|examples\/emoji|package(-lock)?\.json)$|^\/usr\/local\/bin\/node$/,
            );
  });
});
