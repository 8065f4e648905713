/** Retrying, cleaning up, logging, and errors across a process border. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import type { Clock } from '../../../shared/clock.ts';
import { systemClock } from '../../../shared/clock.ts';
import { ERROR_CODES, SaraError } from '../../../shared/errors.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { Lifecycle } from '../../../shared/lifecycle.ts';
import { createLogger, formatLine } from '../../../shared/log.ts';
import { backoffMs, CONNECT_BACKOFF, retry } from '../../../shared/retry.ts';
import { fromStatus, toStatus } from '../../../shared/rpc/status.ts';
import { saraError } from '../../support/sara-error.ts';

describe('retry', () => {
  /** A clock on which sleeping takes no time and is written down. */
  function sleepless(): { clock: Clock; slept: number[] } {
    let nowMs = 0;
    const slept: number[] = [];
    return {
      slept,
      clock: {
        nowMs: () => nowMs,
        sleep: (ms) => {
          nowMs += ms;
          slept.push(ms);
          return Promise.resolve();
        },
      },
    };
  }
  const policy = { firstMs: 100, factor: 2, maxMs: 500 };

  it('waits longer and longer, up to a bound, and returns the first success', async () => {
    const { clock, slept } = sleepless();
    const result = await retry((n) => (n < 6 ? Promise.reject(new Error('not yet')) : Promise.resolve(n)), {
      policy,
      timeoutMs: 10_000,
      retryable: () => true,
      clock,
      random: () => 0.5,
    });
    assert.equal(result, 6);
    assert.deepEqual(slept, [50, 100, 200, 250, 250]);
  });

  it('gives up with the last error when the time is up, and at once when it cannot help', async () => {
    const { clock, slept } = sleepless();
    const failing = (n: number): Promise<never> => Promise.reject(new Error(`attempt ${n}`));
    const options = { policy, timeoutMs: 600, clock, random: () => 0.999 };
    await assert.rejects(retry(failing, { ...options, retryable: () => true }), /attempt 3/);
    assert.equal(slept.length, 2);
    await assert.rejects(retry(failing, { ...options, retryable: () => false }), /attempt 1/);
  });

  it('draws delays from [0, ceiling)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const delay = backoffMs(attempt, CONNECT_BACKOFF, random);
          assert.ok(delay >= 0 && delay < CONNECT_BACKOFF.maxMs);
        },
      ),
    );
  });

  it('ends with the signal, also while it waits', async () => {
    const controller = new AbortController();
    const attempt = retry(() => Promise.reject(new Error('no')), {
      policy: { firstMs: 1e6, factor: 1, maxMs: 1e6 },
      timeoutMs: 1e9,
      retryable: () => true,
      random: () => 0.9,
      signal: controller.signal,
      onRetry: () => controller.abort(new SaraError('CANCELLED', 'enough')),
    });
    await assert.rejects(attempt, saraError('CANCELLED', /enough/));
  });
});

describe('the system clock', () => {
  it('sleeps not at all when the signal is aborted', async () => {
    await assert.rejects(systemClock.sleep(1e6, AbortSignal.abort()), saraError('CANCELLED'));
  });
});

describe('a lifecycle', () => {
  it('undoes everything once, newest first, whatever fails', async () => {
    const life = new Lifecycle();
    const undone: string[] = [];
    life.defer('a', () => void undone.push('a'));
    life.defer('b', () => Promise.reject(new Error('b is stuck')));
    const undoC = life.defer('c', () => void undone.push('c'));
    life.defer('d', async () => {
      await Promise.resolve();
      undone.push('d');
    });
    await undoC();
    await Promise.all([life.close(), life.close()]);
    await undoC();
    assert.deepEqual(undone, ['c', 'd', 'a']);
  });

  const cases: readonly [string, string, NodeJS.Signals | null, number][] = [
    ['ends with 0 after its work', 'done', null, 0],
    ['ends with the exit code of its error', 'fail', null, ERROR_CODES.DOES_NOT_FIT.exitCode],
    ['ends with 130 and its cleanups done when interrupted', 'wait', 'SIGINT', 130],
    ['ends so on SIGTERM too', 'wait', 'SIGTERM', 130],
    ['ends at once on a second signal', 'deaf', 'SIGINT', 130],
  ];
  for (const [title, mode, signal, exitCode] of cases) {
    it(`of a program ${title}`, async function () {
      this.timeout(30_000);
      const script = fileURLToPath(new URL('../../support/lifecycle-program.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, mode], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString();
        if (signal !== null && output.includes('ready') && !output.includes('cleaned')) child.kill(signal);
        if (mode === 'deaf' && output.includes('told')) child.kill(signal ?? undefined);
      });
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, exitCode);
      assert.equal(output.includes('cleaned'), mode !== 'deaf');
    });
  }
});

describe('logs', () => {
  it('are one JSON object a line, with the error code and context searchable and no stack of an expected error', () => {
    const lines: string[] = [];
    const log = createLogger({
      name: 'worker',
      level: 'info',
      bindings: { worker: 'w0' },
      stream: { write: (line) => lines.push(line) },
    });
    log
      .child({ run: 'r1', generation: 2 })
      .warn({ err: new SaraError('DOES_NOT_FIT', '3 > 2', { needed: 3 }) }, 'no room');
    log.debug('not shown');
    assert.equal(lines.length, 1);
    const { time, ...fields } = JSON.parse(lines[0]) as Record<string, unknown>;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(fields, {
      level: 'warn',
      name: 'worker',
      worker: 'w0',
      run: 'r1',
      generation: 2,
      err: { code: 'DOES_NOT_FIT', message: '3 > 2', needed: 3 },
      msg: 'no room',
    });
    assert.match(
      formatLine(lines[0]),
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}worker {2}no room .*DOES_NOT_FIT.* {2}worker=w0 run=r1 generation=2\n$/,
    );
    assert.equal(formatLine('plain text\n'), 'plain text\n');
  });

  it('refuse a level that is none', () => {
    assert.throws(
      () => createLogger({ name: 'x', level: 'loud' }),
      saraError('CONFIG_INVALID', /'loud' is not one of/),
    );
  });
});

describe('errors across gRPC', () => {
  const peer = { description: 'worker w0', unreachableCode: 'ACTOR_DIED' } as const;

  it('keep code, message and context, for every code', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const sent = new SaraError(code, `message of ${code}`, { value: 1.5, text: 'ü' });
      const { code: grpcStatus, details, metadata } = toStatus(sent);
      assert.equal(grpcStatus, ERROR_CODES[code].grpcStatus);
      const got = fromStatus(
        Object.assign(new Error(details), { code: grpcStatus, details, metadata }),
        peer,
      );
      assert.deepEqual([got.code, got.message, got.context], [code, sent.message, sent.context]);
    }
  });

  it('of the transport itself become ours', () => {
    const transport = (code: number): SaraError =>
      fromStatus(Object.assign(new Error('x'), { code, details: 'x', metadata: new Metadata() }), peer);
    assert.equal(transport(14).code, 'ACTOR_DIED');
    assert.equal(transport(4).code, 'DEADLINE_EXCEEDED');
    assert.equal(transport(1).code, 'CANCELLED');
    assert.equal(transport(8).code, 'FRAME_INVALID');
    assert.equal(transport(2).code, 'INTERNAL');
    assert.match(transport(14).message, /worker w0/);
  });
});
