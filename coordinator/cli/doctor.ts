/** `sara doctor`: whether this machine can run what is asked of it, and what to do where it cannot. */
import { Option, type Command } from 'commander';
import { SaraError } from '../../shared/errors.ts';
import type { Lifecycle } from '../../shared/lifecycle.ts';
import { checkEngine } from '../doctor/engine.ts';
import type { Check } from '../doctor/check.ts';
import { checkMachine } from '../doctor/machine.ts';
import { checkNetwork } from '../doctor/network.ts';
import { checkStorage } from '../doctor/storage.ts';
import { coordinatorOption, jsonOption, natsOption } from './options.ts';

interface DoctorArguments {
  readonly nats: string;
  readonly coordinator: string;
  readonly runs: string;
  readonly json?: boolean;
}

export function doctorCommand(program: Command, life: Lifecycle): void {
  program
    .command('doctor')
    .description('look whether this machine is ready: versions, engine, devices, NATS, ports, disk, memory')
    .addOption(natsOption())
    .addOption(coordinatorOption())
    .addOption(new Option('--runs <folder>', 'where runs go (output.dir)').default('runs'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Every line is ok, warn (something will not work, or not well) or fail (nothing will), with what to do about it. The
exit code is 0 unless a line fails. NATS and the coordinator need to answer only where you name them; nothing is left
running, nothing is written but a file that is removed at once.`,
    )
    .action(async (args: DoctorArguments, command: Command) => {
      const isNamed = (option: string): boolean => command.getOptionValueSource(option) !== 'default';
      const checks = [
        ...checkMachine(),
        ...(await checkStorage(args.runs)),
        ...(await checkEngine(life.signal)),
        ...(await checkNetwork(
          { ...args, isNatsNamed: isNamed('nats'), isCoordinatorNamed: isNamed('coordinator') },
          life.signal,
        )),
      ];
      const lines = args.json === true ? [JSON.stringify(checks, null, 2)] : doctorText(checks);
      process.stdout.write(`${lines.join('\n')}\n`);
      requireHealth(checks);
    });
}

/** A line per check, and under it what to do. */
export function doctorText(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ what }) => what.length));
  const indent = ' '.repeat('warn  '.length + width + 2);
  return checks.flatMap(({ what, status, found, advice }) => [
    `${status.padEnd(4)}  ${what.padEnd(width)}  ${found}`,
    ...(advice === null ? [] : [`${indent}-> ${advice}`]),
  ]);
}

/** @throws SaraError RUN_FAILED naming the checks that failed */
export function requireHealth(checks: readonly Check[]): void {
  const failed = checks.filter(({ status }) => status === 'fail').map(({ what }) => what);
  if (failed.length === 0) return;
  const message = `${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`;
  throw new SaraError('RUN_FAILED', message, { numFailed: failed.length });
}
