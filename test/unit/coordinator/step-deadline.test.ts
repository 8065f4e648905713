import assert from 'node:assert/strict';
import fc from 'fast-check';
import { median, StepDeadline } from '../../../coordinator/step-deadline.ts';

const MINUTE_MS = 60_000;

function after(durationsMs: readonly number[]): number {
  const deadline = new StepDeadline();
  for (const duration of durationsMs) deadline.observe(duration);
  return deadline.timeoutMs;
}

const alike = (durationMs: number, count: number): number[] => Array<number>(count).fill(durationMs);

describe('step deadline', () => {
  it('is generous until a few steps have been seen, for the first ones compile', () => {
    assert.equal(after([]), 15 * MINUTE_MS);
    assert.equal(after(alike(10, 4)), 15 * MINUTE_MS);
    assert.ok(after(alike(10, 5)) < 15 * MINUTE_MS);
  });

  it('never takes a hiccup of fast steps for a hang', () => {
    assert.equal(after(alike(10, 20)), MINUTE_MS);
  });

  it('is three times the step where steps are long and alike, and farther off where they vary', () => {
    const tenMinutes = 10 * MINUTE_MS;
    assert.equal(after(alike(tenMinutes, 20)), 3 * tenMinutes);
    const varying = Array.from({ length: 20 }, (_, i) => tenMinutes * (i % 2 === 0 ? 0.5 : 1.5));
    assert.ok(after(varying) > 3 * tenMinutes);
  });

  it('follows the recent steps and forgets the old ones', () => {
    const slow = 10 * MINUTE_MS;
    assert.equal(after([...alike(slow, 200), ...alike(10, 50)]), MINUTE_MS);
  });

  it('is longer than every step of its window that is within ten times the median', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1e7 }), { minLength: 5, maxLength: 50 }),
        (durations) => {
          const limit = 3 * median(durations);
          assert.ok(
            durations.filter((duration) => duration < limit).every((duration) => duration < after(durations)),
          );
        },
      ),
    );
  });
});
