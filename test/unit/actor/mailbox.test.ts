/** The invariants of mailbox.ts, by number. */
import assert from 'node:assert/strict';
import { Mailbox } from '../../../shared/actor/mailbox.ts';
import { SaraError } from '../../../shared/errors.ts';
import { saraError } from '../../support/sara-error.ts';

const NEVER = new AbortController().signal;

/** Work that is done when told. */
function controlled(log: string[], name: string): { work: () => Promise<string>; finish: () => void } {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    finish: () => finish(),
    work: async () => {
      log.push(`begin ${name}`);
      await done;
      log.push(`end ${name}`);
      return name;
    },
  };
}

describe('a mailbox', () => {
  it('works on one message at a time, in the order they were posted (1)', async () => {
    const mailbox = new Mailbox(10);
    const log: string[] = [];
    const jobs = ['a', 'b', 'c'].map((name) => controlled(log, name));
    const results = jobs.map(({ work }, i) => mailbox.post(`m${i}`, NEVER, work));
    assert.equal(mailbox.busyMethod, 'm0');
    assert.equal(mailbox.numQueued, 2);
    for (const { finish } of jobs.reverse()) finish();
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c']);
    assert.deepEqual(log, ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
    await mailbox.whenIdle();
    assert.equal(mailbox.busyMethod, null);
  });

  it('never begins a message that was aborted before its turn (2)', async () => {
    const mailbox = new Mailbox(10);
    const log: string[] = [];
    const first = controlled(log, 'first');
    const running = mailbox.post('m', NEVER, first.work);
    const controller = new AbortController();
    const waiting = mailbox.post('m', controller.signal, controlled(log, 'aborted').work);
    controller.abort(new SaraError('DEADLINE_EXCEEDED', 'too late'));
    await assert.rejects(waiting, saraError('DEADLINE_EXCEEDED', /too late/));
    const already = mailbox.post('m', controller.signal, controlled(log, 'aborted').work);
    await assert.rejects(already, saraError('DEADLINE_EXCEEDED'));
    first.finish();
    await running;
    await mailbox.whenIdle();
    assert.deepEqual(log, ['begin first', 'end first']);
  });

  it('answers an aborted message at once but begins the next only when the work has ended (3)', async () => {
    const mailbox = new Mailbox(10);
    const log: string[] = [];
    const deaf = controlled(log, 'deaf');
    const controller = new AbortController();
    const aborted = mailbox.post('m', controller.signal, deaf.work);
    const next = controlled(log, 'next');
    next.finish();
    const waiting = mailbox.post('m', NEVER, next.work);
    controller.abort();
    await assert.rejects(aborted, saraError('CANCELLED'));
    assert.deepEqual(log, ['begin deaf']);
    deaf.finish();
    await waiting;
    assert.deepEqual(log, ['begin deaf', 'end deaf', 'begin next', 'end next']);
  });

  it('refuses what is beyond its bound (4), and goes on after a failure', async () => {
    const mailbox = new Mailbox(1);
    const log: string[] = [];
    const first = controlled(log, 'first');
    const running = mailbox.post('m', NEVER, first.work);
    const failing = mailbox.post('m', NEVER, () => Promise.reject(new Error('broken')));
    await assert.rejects(
      mailbox.post('m', NEVER, first.work),
      saraError('MAILBOX_FULL', /1 calls are waiting, 1 may/),
    );
    first.finish();
    await running;
    await assert.rejects(failing, /broken/);
    assert.equal(await mailbox.post('m', NEVER, () => Promise.resolve('fine')), 'fine');
  });
});
