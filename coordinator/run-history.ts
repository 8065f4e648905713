/**
 * What a run has to tell about itself so far; for loss curve and report. Saved with every checkpoint, so that a run
 * that is resumed tells of all its lives; what came after the last one is in its events.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeBytesAtomic } from '../shared/atomic-file.ts';
import type { RunEvent } from '../shared/run-event.ts';
import { median } from './step-deadline.ts';

const HISTORY_FILE = 'history.json';

const stepLossSchema = z.object({
  /** Training: the step that was computed. Validation: updates applied before it was measured. */
  step: z.int().min(0),
  loss: z.number(),
});

const reselectionSchema = z.object({
  step: z.int().min(0),
  trainableCount: z.int().min(0),
  releasedCount: z.int().min(0),
});

const historySchema = z.object({
  trainingLosses: z.array(stepLossSchema),
  validationLosses: z.array(stepLossSchema),
  reselections: z.array(reselectionSchema),
});

export type StepLoss = Readonly<z.output<typeof stepLossSchema>>;
export type ReselectionFacts = Readonly<z.output<typeof reselectionSchema>>;

export class RunHistory {
  trainingLosses: StepLoss[] = [];
  validationLosses: StepLoss[] = [];
  reselections: ReselectionFacts[] = [];
  /** Worker groups there were. */
  numGenerations = 0;
  readonly #stepSeconds: number[] = [];

  /**
   * What an earlier life of the run saved; empty where there was none.
   * @param onUnreadable told why what is there cannot be read; the run then tells of this life only
   */
  static async load(runFolder: string, onUnreadable: (reason: string) => void): Promise<RunHistory> {
    const history = new RunHistory();
    try {
      const saved = historySchema.parse(JSON.parse(await readFile(join(runFolder, HISTORY_FILE), 'utf8')));
      Object.assign(history, saved);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return history;
      onUnreadable(error instanceof z.ZodError ? z.prettifyError(error) : String(error));
    }
    return history;
  }

  /**
   * Takes in what the run's driver told and did not live to save.
   * @param events of the run, all of them, in order
   * @param last the last committed step and its loss, which may not have been told; null before the first
   */
  complete(events: readonly RunEvent[], last: StepLoss | null): void {
    for (const event of events) {
      switch (event.kind) {
        case 'step-committed':
          this.#tell({ step: event.step - 1, loss: event.loss });
          break;
        case 'validated':
          if (!this.validationLosses.some(({ step }) => step === event.step))
            this.validationLosses.push({ step: event.step, loss: event.loss });
          break;
        case 'mask-refreshed': {
          const { step, stage, trainableCount, releasedCount } = event;
          if (stage > 1 && releasedCount > 0 && !this.reselections.some((known) => known.step === step))
            this.reselections.push({ step, trainableCount, releasedCount });
          break;
        }
        default:
      }
    }
    if (last !== null && (this.trainingLosses.at(-1)?.step ?? -1) < last.step) this.trainingLosses.push(last);
  }

  /** @throws SaraError DISK_WRITE_FAILED */
  async save(runFolder: string): Promise<void> {
    const { trainingLosses, validationLosses, reselections } = this;
    await writeBytesAtomic(
      join(runFolder, HISTORY_FILE),
      `${JSON.stringify({ trainingLosses, validationLosses, reselections })}\n`,
    );
  }

  /** Of a step that is committed, whether or not its group lives to apply it. */
  addStep(step: number, loss: number): void {
    this.trainingLosses.push({ step, loss });
  }

  addDuration(seconds: number): void {
    this.#stepSeconds.push(seconds);
  }

  /** Median over the steps of this life of the run; 0 before the first. */
  get secondsPerStep(): number {
    return this.#stepSeconds.length === 0 ? 0 : median(this.#stepSeconds);
  }

  /** A step that came out otherwise was run again: what is known of later ones is of another life. */
  #tell(point: StepLoss): void {
    const known = this.trainingLosses.find(({ step }) => step === point.step);
    if (known?.loss === point.loss) return;
    if (known !== undefined) this.forgetAfter(point.step);
    this.trainingLosses.push(point);
  }

  /** After a return to the checkpoint of `step`, which is saved before a re-selection: what came later never happened. */
  forgetAfter(step: number): void {
    dropLast(this.trainingLosses, (point) => point.step >= step);
    dropLast(this.validationLosses, (point) => point.step > step);
    dropLast(this.reselections, (point) => point.step >= step);
  }
}

/** Removes the last entries for as long as `isGone` holds. */
function dropLast<T>(entries: T[], isGone: (entry: T) => boolean): void {
  while (entries.length > 0 && isGone(entries[entries.length - 1])) entries.pop();
}
