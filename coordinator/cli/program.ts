/**
 * The command line of `sara`: what can be said. What each command does is in the other files of this folder.
 */
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { ERROR_CODES, SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { SERVICE_OPTIONS } from '../../shared/service-options.ts';
import { TOOL_VERSION } from '../../shared/version.ts';
import { runWorkerCommand } from '../worker-program.ts';
import { printConfig } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { ROLES, type Role } from '../access/roles.ts';
import type { ApiOptions } from './api-client.ts';
import { makeCertificates } from './certs.ts';
import { logs, type LogsOptions } from './logs.ts';
import { NATS_USERS, printNatsConfig } from './nats-config.ts';
import {
  accessOptions,
  apiOptions,
  collect,
  daysOption,
  DEFAULT_COORDINATOR,
  DEFAULT_NAMESPACE,
  jsonOption,
  kubeOptions,
  leaseOption,
  memoryOption,
  priorityOption,
  setOption,
  threadsOption,
  toOption,
  workersOption,
} from './options.ts';
import { plan, type PlanOptions } from './plan.ts';
import {
  cancel,
  drain,
  list,
  planOnCluster,
  resume,
  status,
  submit,
  watch,
  workers,
  type ResumeOptions,
  type SubmitOptions,
} from './runs.ts';
import { serveCoordinator, type CoordinatorFlags } from './serve.ts';
import { printToken } from './token.ts';
import { train, type TrainOptions } from './train.ts';

export function buildProgram(life: Lifecycle): Command {
  const program = new Command('sara')
    .description('Fine-tunes diffusion UNets with SaRA on one machine or many.')
    .version(TOOL_VERSION)
    .option('-v, --verbose', 'show causes and stacks of errors')
    .addHelpText('after', () => `\n${examples()}\n\n${environment()}\n\n${exitCodes()}`)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'sara: ')) })
    .showHelpAfterError("      'sara --help' shows the commands, 'sara <command> --help' their options")
    .exitOverride();

  program.commandsGroup('On this machine:');
  trainCommand(program, life);
  planCommand(program, life);
  passOn(program, life, 'sample', ['sample'], 'draw pictures from a model, with or without adapters');
  passOn(
    program,
    life,
    'analyze',
    ['analyze'],
    'show what SaRA would train of a model, and what it would take',
  );
  passOn(program, life, 'inspect', ['inspect'], 'tell what a file is: kind, counts, digests, base model');
  passOn(program, life, 'export', ['export'], 'write an adapter for ComfyUI, A1111 or diffusers');
  passOn(program, life, 'merge', ['merge'], 'add adapters up: to one adapter, or into a copy of their model');
  passOn(
    program,
    life,
    'bench',
    ['bench'],
    'time real training steps of a published UNet size on this machine',
  );
  configCommand(program);
  doctorCommand(program, life);

  program.commandsGroup('On many machines:');
  coordinatorCommand(program, life);
  passOn(
    program,
    life,
    'worker',
    ['serve', '--exit-with-parent'],
    'offer this machine to runs, until stopped',
  );
  tokenCommand(program);
  certsCommand(program);
  natsConfigCommand(program);
  apiCommands(program, life);

  return program.helpCommand(false);
}

function trainCommand(program: Command, life: Lifecycle): void {
  program
    .command('train')
    .description('run a fine-tuning from beginning to end: starts NATS, a coordinator and workers here')
    .argument('[config]', 'run configuration (YAML)')
    .addOption(setOption())
    .option('--resume <folder>', 'go on with the run in this folder from its last checkpoint')
    .addOption(workersOption())
    .addOption(memoryOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      lines(
        '',
        'Results go to <output.dir>/<run>/ and runs/latest links to the last run that succeeded. Ctrl-C stops the',
        'run in order; everything that was started ends with the command, however it ends.',
        '',
        'Examples:',
        '  sara train examples/emoji/run.yaml',
        '  sara train run.yaml --set train.steps=200 --set pipeline.stages=2',
        '  sara train --resume runs/latest --set train.steps=1200',
      ),
    )
    .action((config: string | undefined, options: TrainOptions) => train(config ?? null, options, life));
}

function planCommand(program: Command, life: Lifecycle): void {
  const command = program
    .command('plan')
    .description('show how the model would be cut and placed; nothing is trained')
    .argument('<config>', 'run configuration (YAML)')
    .addOption(setOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .addOption(threadsOption())
    .option('--coordinator <host:port>', 'plan for the workers registered there instead')
    .addOption(jsonOption());
  for (const option of [...kubeOptions(), ...accessOptions()]) command.addOption(option);
  command.action(async (config: string, options: PlanOptions & Partial<ApiOptions>) => {
    const { coordinator = DEFAULT_COORDINATOR, namespace = DEFAULT_NAMESPACE } = options;
    if (options.coordinator === undefined && options.context === undefined) {
      await plan(config, options, life);
      return;
    }
    const summary = await planOnCluster(config, { ...options, coordinator, namespace }, life);
    process.stdout.write(options.json === true ? `${JSON.stringify(summary, null, 2)}\n` : summary.text);
  });
}

function configCommand(program: Command): void {
  program
    .command('config')
    .description('explain every field of a run configuration: type, default, meaning')
    .argument('[section]', 'only this section or field, e.g. sara or train.steps')
    .option('--markdown', 'as the table in the README')
    .action((section: string | undefined, options: { markdown?: boolean }) => {
      if (!printConfig(section, options)) {
        throw new SaraError('USAGE', `'${section}' is no section or field; 'sara config' lists them all`);
      }
    });
}

function coordinatorCommand(program: Command, life: Lifecycle): void {
  const command = program
    .command('coordinator')
    .description('take runs and drive them, until stopped')
    .addOption(
      new Option('--listen <host:port>', 'where to answer; port 0 takes a free one')
        .env('SARA_LISTEN')
        .default(DEFAULT_COORDINATOR),
    )
    .addOption(
      new Option('--name <name>', 'of this coordinator, in logs').env('SARA_NAME').default(hostname()),
    )
    .addOption(
      new Option(
        '--advertise <host:port>',
        'where other coordinators send their clients (default: where it listens)',
      ).env('SARA_ADVERTISE'),
    )
    .addOption(leaseOption())
    .addHelpText(
      'after',
      lines(
        '',
        'Several may run on one NATS: one leads, the others answer questions and take over when it ends, runs in',
        'progress included.',
      ),
    )
    .addOption(
      new Option('--tokens <file>', 'accepted bearer tokens and their roles (YAML or JSON)').env(
        'SARA_TOKENS',
      ),
    );
  for (const option of SERVICE_OPTIONS) command.addOption(toOption(option));
  command.action((flags: CoordinatorFlags) => serveCoordinator(flags, life));
}

function tokenCommand(program: Command): void {
  program
    .command('token')
    .description('make a bearer token: prints it, and on stderr the line for the file of --tokens')
    .requiredOption('--name <name>', 'whose it is, in logs')
    .addOption(
      new Option('--role <role>', 'read: look; submit: also start and cancel runs; admin: everything')
        .choices(ROLES)
        .makeOptionMandatory(),
    )
    .action((options: { name: string; role: Role }) => {
      printToken(options);
    });
}

function certsCommand(program: Command): void {
  program
    .command('certs')
    .description('make an authority and a certificate for each part, or renew those in a folder')
    .argument('<folder>', 'receives ca.crt, ca.key and <part>.crt, <part>.key')
    .addOption(daysOption())
    .option('--nats-host <name>', 'name or address of the NATS server (repeatable)', collect, ['localhost'])
    .action(makeCertificates);
}

function natsConfigCommand(program: Command): void {
  program
    .command('nats-config')
    .description('print the permissions of each part, for a nats-server to include')
    .addOption(
      new Option('--users <how>', 'how the server knows the parts: by the names in their certificates')
        .choices(NATS_USERS)
        .default('certificates'),
    )
    .action(printNatsConfig);
}

function apiCommands(program: Command, life: Lifecycle): void {
  const command = (name: string): Command => {
    const made = program.command(name);
    for (const option of apiOptions()) made.addOption(option);
    return made;
  };
  command('submit')
    .description('queue a run; prints its id')
    .argument('<config>', 'run configuration (YAML); paths must mean the same to the workers')
    .addOption(setOption())
    .addOption(priorityOption())
    .option('--once', 'not when a run of that name is there already: that one is meant then')
    .option('--watch', 'follow it to its end')
    .action((config: string, options: SubmitOptions) => submit(config, options, life));
  command('resume')
    .description('queue an ended run again; it goes on from its last checkpoint')
    .argument('<run>', 'its id')
    .addOption(setOption())
    .option('--watch', 'follow it to its end')
    .action((run: string, options: ResumeOptions) => resume(run, options, life));
  command('status')
    .description('show one run')
    .argument('<run>', 'its id')
    .addOption(jsonOption())
    .action((run: string, options: ApiOptions) => status(run, options, life));
  command('list')
    .description('show all runs, newest first')
    .addOption(jsonOption())
    .action((options: ApiOptions) => list(options, life));
  command('watch')
    .description("follow a run to its end; exits with the run's own code")
    .argument('<run>', 'its id')
    .action((run: string, options: ApiOptions) => watch(run, options, life));
  command('logs')
    .description('print what was said of a run: states, warnings, losses of workers, checkpoints')
    .argument('<run>', 'its id')
    .option('-f, --follow', 'go on with what comes, until the run ends')
    .addOption(jsonOption())
    .action((run: string, options: LogsOptions) => logs(run, options, life));
  command('cancel')
    .description('stop a run')
    .argument('<run>', 'its id')
    .option('--reason <text>', 'kept in its history')
    .action((run: string, options: ApiOptions & { reason?: string }) => cancel(run, options, life));
  command('workers')
    .description('show the workers there are')
    .addOption(jsonOption())
    .action((options: ApiOptions) => workers(options, life));
  command('drain')
    .description('have a worker leave: its run goes on without it after the step in flight')
    .argument('<worker>', 'its name')
    .action((worker: string, options: ApiOptions) => drain(worker, options, life));
}

/** A command of the worker program under a name of ours: it reads its own options, --help too. */
function passOn(
  program: Command,
  life: Lifecycle,
  name: string,
  prefix: string[],
  description: string,
): void {
  program
    .command(name)
    .description(description)
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[options...]', `see 'sara ${name} --help'`)
    .action(async (args: string[]) => {
      await runWorkerCommand([...prefix, ...args], { signal: life.signal, invokedAs: `sara ${name}` });
    });
}

function examples(): string {
  return lines(
    'Examples:',
    '  sara train examples/emoji/run.yaml           fine-tune the bundled base model on this machine',
    '  sara plan run.yaml --workers 4               how the UNet would be cut for four workers',
    '  sara sample --model DIR --prompt "a red apple" --adapter runs/latest/adapter.safetensors',
    '',
    '  nats-server -js &  sara coordinator &        a cluster by hand: each part may be on another machine',
    '  sara worker --name gpu-0 &                   one for each device',
    '  sara submit run.yaml --watch',
  );
}

function environment(): string {
  return lines(
    'Environment:',
    `  SARA_COORDINATOR   host:port of the coordinator (default ${DEFAULT_COORDINATOR})`,
    '  SARA_TOKEN         bearer token for it; SARA_TOKEN_FILE: the file with it',
    '  SARA_NATS          NATS servers (default nats://127.0.0.1:4222)',
    '  SARA_NATS_SERVER   nats-server program that sara train starts (default: looked for in PATH)',
    '  SARA_LOG_LEVEL     trace, debug, info (default), warn, error or silent',
    "  SARA_TRAIN_STEPS   and so on, one for each configuration field: 'sara config' names them",
  );
}

/** From the one table of error codes, so that it cannot be wrong. */
function exitCodes(): string {
  const codesByExit = new Map<number, string[]>();
  for (const [code, { exitCode }] of Object.entries(ERROR_CODES)) {
    codesByExit.set(exitCode, [...(codesByExit.get(exitCode) ?? []), code]);
  }
  const rows = [...codesByExit]
    .sort(([a], [b]) => a - b)
    .map(([exit, codes]) => [String(exit), codes.join(', ')]);
  const INDENT = 6;
  const WIDTH = 96;
  const wrapped = rows.map(([exit, codes]) => {
    const text = codes.split(' ').reduce((all, word) => {
      const lastLine = all.slice(all.lastIndexOf('\n') + 1);
      const isFull = lastLine.length + word.length > WIDTH;
      return all === '' ? word : `${all}${isFull ? `\n${' '.repeat(INDENT + 1)}` : ' '}${word}`;
    }, '');
    return `  ${exit.padEnd(INDENT - 1)}${text}`;
  });
  return lines('Exit codes:', '  0    success', ...wrapped);
}

function lines(...texts: string[]): string {
  return texts.join('\n');
}
