/** What a run has to tell about itself so far; for events, loss curve and report. */
import { median } from './step-deadline.ts';

export interface StepLoss {
  /** Training: the step that was computed. Validation: updates applied before it was measured. */
  readonly step: number;
  readonly loss: number;
}

export interface ReselectionFacts {
  readonly step: number;
  readonly trainableCount: number;
  readonly releasedCount: number;
}

export class RunHistory {
  readonly trainingLosses: StepLoss[] = [];
  readonly validationLosses: StepLoss[] = [];
  readonly reselections: ReselectionFacts[] = [];
  /** Worker groups there were. */
  numGenerations = 0;
  readonly #stepSeconds: number[] = [];

  addStep(step: number, loss: number, seconds: number): void {
    this.trainingLosses.push({ step, loss });
    this.#stepSeconds.push(seconds);
  }

  /** Median over the steps of this life of the run; 0 before the first. */
  get secondsPerStep(): number {
    return this.#stepSeconds.length === 0 ? 0 : median(this.#stepSeconds);
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
