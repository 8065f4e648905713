import assert from 'node:assert/strict';
import { Progress, progressText } from '../../../../coordinator/cli/progress.ts';
import { newView, secondsLeft, updateView } from '../../../../coordinator/cli/run-view.ts';
import type { RunEvent, RunEventBody } from '../../../../shared/run-event.ts';

const RUN = '20261124-083015-emoji-4f2a';
const TOTAL_STEPS = 10;
const ERASE = '\r\x1b[2K';

function event(body: RunEventBody, step = 0, atMs = 0): RunEvent {
  return { run: RUN, sequence: 1, generation: 1, step, atMs, ...body };
}

function committed(step: number, loss = 0.5): RunEvent {
  const figures = { learningRate: 1e-3, gradNorm: 1, seconds: 2, samplesPerSecond: 8, trainableCount: 1234 };
  return event({ kind: 'step-committed', loss, ...figures }, step);
}

/** A stream that keeps what is written, and a clock that a test moves. */
function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const clock = { nowMs: 0 };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = new Progress(RUN, TOTAL_STEPS, stream, () => clock.nowMs);
  return { written, clock, progress };
}

describe('progress of a run', () => {
  it('on a terminal redraws one line: bar, steps, loss, rate and time left', () => {
    const { written, progress } = terminal(true);
    progress.show(event({ kind: 'state-changed', state: 'running', reason: '' }));
    progress.show(committed(5));
    const line = written.at(-1) ?? '';
    assert.equal(
      line,
      `${ERASE}${'█'.repeat(12)}${'░'.repeat(12)} step 5/10  50 %  loss 0.500  8.0 samples/s  ETA 10 s`,
    );
    assert.ok(!line.includes('\n'));
  });

  it('keeps lasting lines above the bar and ends with a clean line', () => {
    const { written, progress } = terminal(true);
    progress.show(event({ kind: 'state-changed', state: 'running', reason: '' }));
    progress.show(committed(1));
    written.length = 0;
    progress.show(event({ kind: 'validated', loss: 0.25, numExamples: 64 }, 1));
    assert.deepEqual(written.slice(0, 2), [
      ERASE,
      'validation loss 0.2500 at step 1 (64 held-out samples)\n',
    ]);
    assert.match(written[2], /step 1\/10/);
    written.length = 0;
    progress.end();
    progress.end();
    assert.deepEqual(written, [ERASE]);
  });

  it('never draws a line that would wrap, which could not be erased', () => {
    const { written, progress } = terminal(true, 40);
    progress.show(committed(5));
    assert.ok(written[0].length - ERASE.length < 40);
  });

  it('redraws at most ten times a second, but always the last step', () => {
    const { written, clock, progress } = terminal(true);
    for (let step = 1; step <= 9; step++) {
      clock.nowMs = step * 20;
      progress.show(committed(step));
    }
    assert.equal(written.length, 2, 'at 20 ms and at 120 ms');
    progress.show(committed(TOTAL_STEPS));
    assert.match(written.at(-1) ?? '', /step 10\/10 {2}100 %/);
  });

  it('elsewhere prints whole lines now and then, without control characters', () => {
    const { written, clock, progress } = terminal(false);
    for (let step = 1; step <= 9; step++) {
      clock.nowMs = step * 4000;
      progress.show(committed(step));
    }
    progress.show(event({ kind: 'log', level: 'warn', message: 'picture 7 is broken', worker: 'w0' }, 9));
    progress.end();
    const lines = written.join('').split('\n');
    assert.deepEqual(
      lines.map((line) => line.split('  ')[0]),
      ['step 1/10', 'step 4/10', 'step 7/10', 'warn: picture 7 is broken', ''],
    );
    assert.ok(!written.join('').includes('\x1b'));
  });

  it('shows the means of the last twenty steps', () => {
    let view = newView(RUN, 100);
    for (let step = 1; step <= 40; step++) view = updateView(view, committed(step, step <= 20 ? 9 : 0.25));
    assert.match(progressText(view), /loss 0\.250/);
    assert.equal(secondsLeft(view), 2 * 60);
  });

  it('remembers what a run made and how it ended', () => {
    const failed = { kind: 'failed', code: 'NOT_FINITE', message: 'loss is NaN', worker: '' } as const;
    const events: RunEvent[] = [
      event({ kind: 'state-changed', state: 'queued', reason: 'submitted' }, 0, 1000),
      event({ kind: 'validated', loss: 0.5, numExamples: 4 }),
      event({ kind: 'validated', loss: 0.25, numExamples: 4 }),
      event({ kind: 'artifact', name: 'adapter', path: '/r/a', mediaType: 'x', sizeBytes: 3 }),
      event({ ...failed, disposition: 'fatal-user' }),
      event({ kind: 'state-changed', state: 'failed', reason: 'loss is NaN' }, 0, 5000),
    ];
    const view = events.reduce(updateView, newView(RUN, TOTAL_STEPS));
    assert.deepEqual(view.validationLosses, [0.5, 0.25]);
    assert.deepEqual(view.artifacts, [{ name: 'adapter', path: '/r/a', sizeBytes: 3 }]);
    assert.deepEqual(
      [view.state, view.failure?.code, view.startedAtMs, view.atMs],
      ['failed', 'NOT_FINITE', 1000, 5000],
    );
  });
});
