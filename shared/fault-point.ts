/**
 * Places where a test makes a process fail, at a step of its choice, in the middle of what it does: the only way to
 * hit a moment between two messages every time. Without SARA_FAULT in the environment a point does nothing.
 *
 *   SARA_FAULT=<action>@<point>:<step>[=<value>]     several of them separated by commas; step *: every one
 *
 *   kill    SIGKILL to this process, as by the kernel or a machine that is switched off
 *   hang    this thread stands still for good, as in a driver that does not come back; it computes nothing meanwhile
 *   slow    this thread stands still for <value> ms, each time
 *   wait    this thread stands still until there is a file <value>
 *   damage  one bit of what the place hands over is turned, as by faulty memory
 */
import { existsSync } from 'node:fs';
import { SaraError } from './errors.ts';

/** Where; each with the step that is open. */
export type FaultPoint =
  /** A stage is about to pull the inputs of a task. */
  | 'receive'
  /** A worker has sent the first part of a bundle, and not the rest. */
  | 'transfer'
  /** A stage is about to add its gradient to those of its replicas. */
  | 'reduce'
  /** It has the sum, and nobody knows yet. */
  | 'reduced'
  /** The coordinator knows that all agree, and has committed nothing. */
  | 'commit'
  /** The commit stands, and no stage has been told. */
  | 'committed'
  /** A stage has been told to apply what was committed. */
  | 'apply'
  /** It has applied it, and nobody knows yet. */
  | 'applied'
  /** A stage has been told to switch to the mask that was committed. */
  | 'switch'
  /** A stage writes a checkpoint. */
  | 'checkpoint';

type Action = 'kill' | 'hang' | 'slow' | 'wait' | 'damage';

interface Fault {
  readonly action: Action;
  readonly point: string;
  /** null: every step. */
  readonly step: number | null;
  readonly value: string;
}

const FAULT = /^(kill|hang|slow|wait|damage)@([a-z]+):(\d+|\*)(?:=(.+))?$/;

/** How often a thread that waits for a file looks for it. */
const LOOK_MS = 20;

const FAULTS: readonly Fault[] = parseFaults(process.env.SARA_FAULT ?? '');

/** @throws SaraError USAGE for a text that names no fault: a test that fails nothing must not pass */
export function parseFaults(text: string): Fault[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = FAULT.exec(part);
      if (match === null)
        throw new SaraError('USAGE', `SARA_FAULT holds '${part}'; see shared/fault-point.ts`);
      const [, action, point, step, value = ''] = match;
      return {
        action: action as Action,
        point,
        step: step === '*' ? null : Number(step),
        value,
      };
    });
}

/** @param damaged what is to be damaged, if that is asked for */
export function faultPoint(point: FaultPoint, step: number, damaged?: Float32Array): void {
  for (const fault of FAULTS) {
    if (fault.point === point && (fault.step === null || fault.step === step)) fail(fault, damaged);
  }
}

function fail({ action, value }: Fault, damaged: Float32Array | undefined): void {
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal comes in a moment; nothing else may.
      standStill();
      break;
    case 'hang':
      standStill();
      break;
    case 'slow':
      standStill(Number(value));
      break;
    case 'wait':
      while (!existsSync(value)) standStill(LOOK_MS);
      break;
    case 'damage':
      if (damaged !== undefined && damaged.length > 0)
        new Uint32Array(damaged.buffer, damaged.byteOffset, 1)[0] ^= 1;
  }
}

function standStill(ms = Infinity): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
