/**
 * Structured logs: one JSON object a line on stderr, or one readable line when stderr is a terminal.
 *
 * The fields that tie lines of different processes together have fixed names: `run`, `worker`, `generation`,
 * `step`. Bind them with `log.child({ run, generation })` where they become known. stdout stays free for
 * results.
 */
import { Writable } from 'node:stream';
import { destination, pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { SaraError } from './errors.ts';

export type Logger = PinoLogger;

/** Level of the process when the code does not say: trace, debug, info, warn, error, fatal or silent. */
export const LOG_LEVEL_VARIABLE = 'SARA_LOG_LEVEL';
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface LoggerOptions {
  /** Which program speaks, e.g. 'coordinator' or 'worker'. */
  readonly name: string;
  readonly level?: string;
  /** Fields of every line. */
  readonly bindings?: Readonly<Record<string, string | number>>;
  /** Where lines go; default stderr. */
  readonly stream?: DestinationStream;
}

/**
 * @throws SaraError CONFIG_INVALID when the level, given or from the environment, is not a level
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? process.env[LOG_LEVEL_VARIABLE] ?? 'info';
  if (!LEVELS.some((known) => known === level)) {
    throw new SaraError('CONFIG_INVALID', `log level '${level}' is not one of ${LEVELS.join(', ')}`, {
      level,
    });
  }
  const stream =
    options.stream ?? (process.stderr.isTTY ? new ReadableLines() : destination({ dest: 2, sync: true }));
  return pino(
    {
      level,
      base: { name: options.name, ...options.bindings },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serialiseError },
    },
    stream,
  );
}

/** Says nothing; for tests and for parts that are handed no logger. */
export const silentLogger: Logger = pino({ level: 'silent' });

/** An error with its code and context, so that a log can be searched by them. */
function serialiseError(error: Error): object {
  if (!(error instanceof SaraError)) return stdSerializers.err(error);
  const bug = error.disposition === 'fatal-bug';
  // A stack helps only where the code is at fault; elsewhere the message already says what to do.
  return {
    code: error.code,
    message: error.message,
    ...error.context,
    ...(bug ? { stack: error.stack } : {}),
  };
}

/** Turns pino's JSON lines into `12:00:00.000 INFO  worker  message  key=value`. */
class ReadableLines extends Writable {
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    process.stderr.write(formatLine(chunk.toString('utf8')));
    done();
  }
}

/** One JSON log line as one line for people; a line that is not JSON is passed on as it is. */
export function formatLine(line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { time, level, name, msg, err, ...rest } = fields;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${textOf(value)}`);
  const error = err === undefined ? '' : ` ${textOf(err)}`;
  const clockTime = textOf(time).slice(11, 23);
  return `${clockTime} ${textOf(level).toUpperCase().padEnd(5)} ${textOf(name)}  ${textOf(msg ?? '')}${error}${pairs.length > 0 ? '  ' : ''}${pairs.join(' ')}\n`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
