#!/usr/bin/env node
/** The program `sara`: reads the command line, runs the command, ends with the exit code of the error table. */
import { CommanderError } from 'commander';
import { runMain } from '../shared/lifecycle.ts';
import { buildProgram } from './cli/program.ts';
import { describeError, usageError } from './cli/user-error.ts';

// A reader that has seen enough (`sara list | head`), or a terminal that is gone, is no reason to end out of order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const isVerbose = process.argv.includes('--verbose') || process.argv.includes('-v');

await runMain(
  async (life) => {
    try {
      await buildProgram(life).parseAsync();
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      const usage = usageError(error);
      if (usage !== null) throw usage;
    }
  },
  { report: (error) => process.stderr.write(describeError(error, isVerbose)) },
);
