/**
 * A run as it is told at the terminal: lasting lines for what happened, and below them, on a TTY, one line that is
 * redrawn with every step. Elsewhere (a log file, CI) that line is printed now and then instead.
 */
import { formatBytes } from '../../shared/bytes.ts';
import type { RunEvent } from '../../shared/run-event.ts';
import { formatDuration, shownPath } from './text.ts';
import { newView, recentLoss, recentRate, secondsLeft, updateView, type RunView } from './run-view.ts';

/** Between progress lines where nothing can be redrawn. */
const PLAIN_INTERVAL_MS = 10_000;
/** Between redraws: faster than the eye reads costs time that training needs. */
const REDRAW_INTERVAL_MS = 100;
const BAR_WIDTH = 24;
const DEFAULT_COLUMNS = 80;

/** Where progress goes: process.stderr, or a test. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Progress {
  readonly #stream: ProgressStream;
  readonly #nowMs: () => number;
  #view: RunView;
  #drawnAtMs = -Infinity;
  #isBarShown = false;

  /** @param nowMs the clock by which redraws are spaced */
  constructor(run: string, totalSteps: number, stream: ProgressStream, nowMs: () => number) {
    this.#view = newView(run, totalSteps);
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  get view(): RunView {
    return this.#view;
  }

  show(event: RunEvent): void {
    this.#view = updateView(this.#view, event);
    const lasting = lastingLine(event);
    if (lasting !== null) this.line(lasting);
    if (event.kind === 'step-committed' || event.kind === 'encoded') this.#draw(event);
  }

  /** Prints a line above the bar. */
  line(text: string): void {
    this.#eraseBar();
    this.#stream.write(`${text}\n`);
    if (this.#stream.isTTY === true && this.#view.state === 'running' && this.#view.recent.length > 0)
      this.#drawBar(trainingMeter(this.#view));
  }

  /** Leaves the terminal as a shell expects it. */
  end(): void {
    this.#eraseBar();
  }

  #draw(event: Extract<RunEvent, { kind: 'step-committed' | 'encoded' }>): void {
    const isTTY = this.#stream.isTTY === true;
    const meter = event.kind === 'encoded' ? encodingMeter(event) : trainingMeter(this.#view);
    const intervalMs = isTTY ? REDRAW_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (meter.done < meter.total && this.#nowMs() - this.#drawnAtMs < intervalMs) return;
    this.#drawnAtMs = this.#nowMs();
    if (isTTY) this.#drawBar(meter);
    else this.#stream.write(`${meter.text}\n`);
  }

  #drawBar(meter: Meter): void {
    const text = `${bar(meter)} ${meter.text}`;
    const columns = this.#stream.columns ?? DEFAULT_COLUMNS;
    // A line that wraps could not be erased again.
    this.#stream.write(`\r\x1b[2K${text.slice(0, columns - 1)}`);
    this.#isBarShown = true;
  }

  #eraseBar(): void {
    if (this.#isBarShown) this.#stream.write('\r\x1b[2K');
    this.#isBarShown = false;
  }
}

/** What the bar shows. */
interface Meter {
  readonly done: number;
  readonly total: number;
  readonly text: string;
}

function trainingMeter(view: RunView): Meter {
  return { done: view.step, total: view.totalSteps, text: progressText(view) };
}

function encodingMeter({ numDone, numTotal }: Extract<RunEvent, { kind: 'encoded' }>): Meter {
  return { done: numDone, total: numTotal, text: `encoded ${numDone}/${numTotal} pictures and captions` };
}

function bar({ done, total }: Meter): string {
  const numFull = Math.floor((BAR_WIDTH * Math.min(done, total)) / total);
  return '█'.repeat(numFull) + '░'.repeat(BAR_WIDTH - numFull);
}

/** `step 120/600  20 %  loss 0.0312  56.7 samples/s  ETA 3 min 07 s` */
export function progressText(view: RunView): string {
  const { step, totalSteps } = view;
  const percent = Math.floor((100 * step) / totalSteps);
  return [
    `step ${step}/${totalSteps}`,
    `${percent} %`,
    `loss ${recentLoss(view).toPrecision(3)}`,
    `${recentRate(view).toFixed(1)} samples/s`,
    `ETA ${formatDuration(secondsLeft(view))}`,
  ].join('  ');
}

/** What stays on the screen of an event; null: nothing. */
function lastingLine(event: RunEvent): string | null {
  switch (event.kind) {
    case 'state-changed':
      return stateLine(event);
    case 'planned':
      return `\n${event.plan.text}`;
    case 'mask-refreshed':
      return event.releasedCount === 0
        ? `training ${count(event.trainableCount)} weights`
        : `re-selected at step ${event.step}: ${count(event.trainableCount)} weights go on training, ` +
            `${count(event.releasedCount)} keep their value`;
    case 'validated':
      return `validation loss ${event.loss.toPrecision(4)} at step ${event.step} (${event.numExamples} held-out samples)`;
    case 'checkpointed':
      return `checkpoint at step ${event.step}: ${shownPath(event.path)} (${formatBytes(event.sizeBytes)})`;
    case 'log':
      return event.level === 'info' ? event.message : `${event.level}: ${event.message}`;
    // Figures of the bar, the closing lines, and the command's own error message.
    case 'encoded':
    case 'step-committed':
    case 'artifact':
    case 'failed':
      return null;
  }
}

function stateLine({ run, state, reason }: Extract<RunEvent, { kind: 'state-changed' }>): string | null {
  switch (state) {
    case 'queued':
      return reason === 'resumed' ? `run ${run} goes on` : `run ${run}`;
    case 'planning':
      return 'reading the model and the pictures';
    case 'running':
      return reason === '' ? null : reason;
    case 'finishing':
      return 'writing adapter, model and pictures';
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return null;
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
