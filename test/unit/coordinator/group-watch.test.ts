import assert from 'node:assert/strict';
import { LeaseTimes } from '../../../coordinator/group-watch.ts';
import { majorityOf } from '../../../coordinator/survivors.ts';
import type { WorkerRecord } from '../../../shared/worker-announcement.ts';

const LEASE_MS = 100;

function worker(name: string, startedAtMs = 0): WorkerRecord {
  return {
    ...{ name, address: `${name}:1`, device: 'cpu', memoryBytes: 1, numThreads: 1, pid: 1 },
    ...{ startedAtMs, version: '0', isDraining: false, renewedAtMs: 0 },
  };
}

describe('leases of a worker group', () => {
  const group = [worker('a'), worker('b')];

  it('take a worker for lost when it has had none for longer than a lease', () => {
    const leases = new LeaseTimes(group, LEASE_MS, 0);
    assert.equal(leases.lost(group, 90), null);
    assert.equal(leases.lost([worker('a')], 190), null, 'seen 100 ms ago');
    const lost = leases.lost([worker('a')], 191);
    assert.deepEqual([lost?.name, lost?.why], ['b', 'no lease for 101 ms > 100 ms']);
  });

  it('take it for lost at once when another process has its name', () => {
    const leases = new LeaseTimes(group, LEASE_MS, 0);
    assert.match(leases.lost([worker('a', 5), worker('b')], 1)?.why ?? '', /another process/);
  });

  it('are not missed while NATS is away, nor for a lease after it is back', () => {
    const leases = new LeaseTimes(group, LEASE_MS, 0);
    leases.stop();
    assert.equal(leases.lost([], 5_000), null, 'nobody could renew');
    assert.equal(leases.lost([], 5_100), null);
    assert.equal(leases.lost([], 5_101)?.name, 'a');
  });
});

describe('replicas that differ', () => {
  const same = (item: string): string => item;

  it('follow those of more than half; without them there is nothing to follow', () => {
    assert.deepEqual(majorityOf(['x', 'y', 'x'], same), ['x', 'x']);
    assert.deepEqual(majorityOf(['x'], same), ['x']);
    assert.deepEqual(majorityOf(['x', 'y'], same), []);
    assert.deepEqual(majorityOf(['x', 'y', 'x', 'y'], same), []);
    assert.deepEqual(majorityOf([], same), []);
  });
});
