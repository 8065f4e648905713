import assert from 'node:assert/strict';
import { doctorText, requireHealth } from '../../../../coordinator/cli/doctor.ts';
import { fail, ok, warn, type Check } from '../../../../coordinator/doctor/check.ts';
import { judgeCpu, judgeDevice, judgeNvidia } from '../../../../coordinator/doctor/engine.ts';
import { judgeMemory, judgeNode } from '../../../../coordinator/doctor/machine.ts';
import {
  judgeCoordinatorPort,
  judgeNatsProgram,
  judgeNatsServer,
} from '../../../../coordinator/doctor/network.ts';
import { judgeSpace, judgeTemporarySpace } from '../../../../coordinator/doctor/storage.ts';
import { saraError } from '../../../support/sara-error.ts';

const GB = 1e9;

/** Its status, and that it says what to do exactly when something is wrong. */
function statusOf({ status, advice }: Check): string {
  assert.equal(advice === null, status === 'ok');
  return status;
}

describe('judgements of sara doctor', () => {
  it('want the Node that package.json wants, and newer', () => {
    const statuses = ['18.20.0', '20.18.3', '20.19.0', '20.20.2', '22.0.0'].map((version) =>
      statusOf(judgeNode(version)),
    );
    assert.deepEqual(statuses, ['fail', 'fail', 'ok', 'ok', 'ok']);
  });

  it('reckon with the memory a container is allowed, not with the machine’s', () => {
    assert.equal(statusOf(judgeMemory(32 * GB, 20 * GB, 0)), 'ok');
    assert.equal(statusOf(judgeMemory(4 * GB, 3 * GB, 0)), 'warn');
    assert.equal(statusOf(judgeMemory(1 * GB, 1 * GB, 0)), 'fail');
    const contained = judgeMemory(32 * GB, 20 * GB, 2 * GB);
    assert.equal(contained.status, 'warn');
    assert.match(contained.found, /2\.00 GB allowed by the container, 2\.00 GB free/);
    assert.equal(judgeMemory(32 * GB, 20 * GB, 2 ** 63).status, 'ok', 'an absurd limit is none');
  });

  it('tell roomy disks from tight and from full ones', () => {
    const statuses = [50 * GB, 3 * GB, 0.1 * GB].map((free) => statusOf(judgeSpace('runs', 'runs', free)));
    assert.deepEqual(statuses, ['ok', 'warn', 'fail']);
    assert.equal(statusOf(judgeTemporarySpace('/tmp', 10 * GB)), 'ok');
    assert.equal(statusOf(judgeTemporarySpace('/tmp', 1e6)), 'fail');
  });

  it('want a NATS server with JetStream, of 2.9 or newer', () => {
    const judged = (version: string, isJetStream: boolean): string =>
      statusOf(judgeNatsServer('nats://host', version, isJetStream));
    assert.deepEqual(
      [judged('2.9.10', true), judged('2.11.0', true), judged('3.0.0', true), judged('2.8.4', true)],
      ['ok', 'ok', 'ok', 'warn'],
    );
    assert.equal(judged('2.11.0', false), 'fail');
  });

  it('miss the nats-server program more where no server answers', () => {
    assert.equal(statusOf(judgeNatsProgram('nats-server: v2.9.10', false)), 'ok');
    assert.equal(statusOf(judgeNatsProgram(null, true)), 'warn');
    assert.equal(statusOf(judgeNatsProgram(null, false)), 'fail');
  });

  it('warn of a port that somebody else holds', () => {
    assert.equal(statusOf(judgeCoordinatorPort('127.0.0.1:7780', null)), 'ok');
    assert.match(judgeCoordinatorPort('127.0.0.1:7780', 'EADDRINUSE').found, /cannot be opened: EADDRINUSE/);
  });

  it('cannot do without the cpu provider, but without a GPU', () => {
    const probe = {
      runtimeVersion: '1.30.0',
      providers: [
        { name: 'cpu', bundled: true },
        { name: 'cuda', bundled: false },
      ],
      provider: 'cpu',
      problem: null,
    };
    assert.deepEqual(
      judgeCpu(probe),
      ok('engine', 'ONNX Runtime 1.30.0, providers cpu, cuda (not installed)'),
    );
    assert.equal(statusOf(judgeCpu({ ...probe, problem: 'it computes 1 where 2 is right' })), 'fail');
    assert.equal(statusOf(judgeDevice('webgpu', { ...probe, provider: 'webgpu' })), 'ok');
    const story =
      '/onnxruntime_src/context.cc:136 Context::Initialize() was false. Failed to get an adapter: none\n';
    const device = judgeDevice('webgpu', { ...probe, problem: story });
    assert.equal(statusOf(device), 'warn');
    assert.equal(device.found, 'does not work here: Failed to get an adapter: none');
    assert.match(judgeDevice('cuda', 'it was ended by SIGSEGV').found, /SIGSEGV/);
    assert.equal(statusOf(judgeNvidia(null, false)), 'ok');
    assert.equal(statusOf(judgeNvidia(['GPU 0: RTX'], true)), 'ok');
    assert.match(judgeNvidia(['GPU 0: RTX'], false).advice ?? '', /onnxruntime-node-install=cuda12/);
  });

  it('are printed one to a line, with what to do under them', () => {
    const checks = [
      ok('memory', '25 GB'),
      warn('a', 'slow', 'buy another'),
      fail('NATS', 'none', 'start it'),
    ];
    assert.deepEqual(doctorText(checks), [
      'ok    memory  25 GB',
      'warn  a       slow',
      '              -> buy another',
      'fail  NATS    none',
      '              -> start it',
    ]);
  });

  it('end with an error that names what failed, and with none for warnings', () => {
    requireHealth([ok('memory', '25 GB'), warn('a', 'slow', 'buy another')]);
    assert.throws(
      () => {
        requireHealth([ok('memory', ''), fail('disk', '', ''), fail('NATS', '', '')]);
      },
      saraError('RUN_FAILED', /^2 of 3 checks failed: disk, NATS$/),
    );
  });
});
