/** How an error reaches the person at the terminal: one clear message, what to do about it, no stack trace. */
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { SaraError, type ErrorCode } from '../../shared/errors.ts';
import { ChildFailed } from '../worker-program.ts';

/** What to do, where the code alone tells; messages say the rest. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  CONFIG_INVALID: "'sara config' explains every field",
  USAGE: "'sara --help' shows the commands, 'sara <command> --help' their options",
  COORDINATOR_UNREACHABLE:
    "start one with 'sara coordinator', or name the right one with --coordinator or SARA_COORDINATOR; " +
    "'sara train' needs none",
  NOT_ENOUGH_WORKERS: "'sara workers' lists the workers there are",
  NATS_UNAVAILABLE: 'the server is named with --nats or SARA_NATS; sara train starts its own',
  INTERNAL: 'this looks like a mistake in sara; run again with --verbose and report what it prints',
  ENGINE_FAILED: 'this looks like a mistake in sara; run again with --verbose and report what it prints',
};

/**
 * @param isVerbose also the code, the values involved, and the chain of causes with their stacks
 * @returns lines for stderr; empty when the user has been told already
 */
export function describeError(error: SaraError, isVerbose: boolean): string {
  if (error instanceof ChildFailed || error.cause instanceof CommanderError) return '';
  if (error.code === 'CANCELLED' && !isVerbose) return `sara: ${error.message}\n`;
  const hint = HINTS[error.code];
  const lines = [`sara: ${error.message}`];
  if (hint !== undefined) lines.push(`      ${hint}`);
  if (isVerbose) lines.push('', ...causes(error));
  return `${lines.join('\n')}\n`;
}

/** The error and what it came from, outermost first. */
function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    if (at instanceof SaraError) lines.push(`${at.code} ${JSON.stringify(at.context)}`);
    lines.push(at instanceof Error ? (at.stack ?? at.message) : inspect(at));
  }
  return lines;
}

/**
 * Commander's refusal as an error of ours. Its words are on stderr already.
 * @returns null when it only printed help or the version
 */
export function usageError(error: CommanderError): SaraError | null {
  if (error.exitCode === 0) return null;
  return new SaraError('USAGE', error.message.replace(/^error: /, ''), {}, { cause: error });
}
