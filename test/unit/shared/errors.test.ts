/** The error table: what every code means to shells, supervisors and gRPC peers. */
import assert from 'node:assert/strict';
import { status as grpcStatus } from '@grpc/grpc-js';
import { asSaraError, ERROR_CODES, SaraError, type ErrorCode } from '../../../shared/errors.ts';
import { readSources } from '../../support/source-files.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
/** 126 and above are the shell's own: not executable, not found, ended by signal. */
const LARGEST_EXIT_CODE = 125;
/** As after Ctrl-C. */
const INTERRUPTED = 130;

describe('the error table', () => {
  it('gives every code an exit code a shell can tell apart, and a gRPC status that is no success', () => {
    const statuses: readonly unknown[] = Object.values(grpcStatus);
    for (const code of CODES) {
      const { exitCode, grpcStatus: status } = ERROR_CODES[code];
      const isOwn = exitCode >= 1 && exitCode <= LARGEST_EXIT_CODE;
      assert.ok(
        isOwn || (code === 'CANCELLED' && exitCode === INTERRUPTED),
        `${code} has exit code ${exitCode}`,
      );
      assert.ok(status > 0 && statuses.includes(status), `${code} has status ${status}`);
    }
  });

  it('lists no code that nothing throws', () => {
    const sources = ['shared', 'coordinator', 'worker']
      .flatMap(readSources)
      .filter(({ path }) => path !== 'shared/errors.ts');
    const unused = CODES.filter((code) => !sources.some(({ text }) => text.includes(`'${code}'`)));
    assert.deepEqual(unused, []);
  });
});

describe('SaraError', () => {
  it('carries code, message, context and cause, and what the table says of the code', () => {
    const cause = new Error('socket closed');
    const error = new SaraError('ACTOR_DIED', 'stage 1 is gone', { stage: 1 }, { cause });
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'SaraError');
    assert.equal(error.cause, cause);
    assert.deepEqual(error.context, { stage: 1 });
    const { exitCode, grpcStatus: status, disposition } = error;
    assert.deepEqual({ exitCode, grpcStatus: status, disposition }, ERROR_CODES.ACTOR_DIED);
  });

  it('is what any thrown value becomes, itself unchanged', () => {
    const own = new SaraError('USAGE', 'no such flag');
    assert.equal(asSaraError(own), own);
    const bug = asSaraError(new TypeError('x is undefined'));
    assert.equal(bug.code, 'INTERNAL');
    assert.equal(bug.message, 'x is undefined');
    assert.ok(bug.cause instanceof TypeError);
    assert.equal(asSaraError('a string').message, 'a string');
  });
});
