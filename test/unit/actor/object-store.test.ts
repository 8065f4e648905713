/** The invariants of object-store.ts. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GenerationFence } from '../../../shared/actor/generation-fence.ts';
import { ObjectIds, ObjectStore } from '../../../shared/actor/object-store.ts';
import { saraError } from '../../support/sara-error.ts';

const TAG = { run: 'r', generation: 1, step: 0, microBatch: 0 };
const bundle = (sizeBytes: number) => ({
  x: { dtype: 'uint8' as const, shape: [sizeBytes], data: new Uint8Array(sizeBytes) },
});

describe('an object store', () => {
  it('never holds more than its capacity, and counts exactly', () => {
    const commands = fc.array(fc.oneof(fc.record({ put: fc.nat(60) }), fc.record({ free: fc.nat(30) })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(commands, (list) => {
        const store = new ObjectStore({ capacityBytes: 100, idPrefix: 'p' });
        const ids: string[] = [];
        const held = new Map<string, number>();
        for (const command of list) {
          const used = [...held.values()].reduce((sum, size) => sum + size, 0);
          if ('put' in command) {
            if (used + command.put > 100) {
              assert.throws(
                () => store.put(bundle(command.put), TAG, 'a'),
                saraError('OBJECT_STORE_FULL', /> 100 bytes/),
              );
            } else {
              const { id } = store.put(bundle(command.put), TAG, 'a');
              assert.ok(!ids.includes(id));
              ids.push(id);
              held.set(id, command.put);
            }
          } else {
            const id = ids.at(command.free % Math.max(1, ids.length)) ?? 'unknown';
            store.free(id);
            held.delete(id);
            assert.throws(() => store.get(id), saraError('OBJECT_GONE'));
          }
          assert.equal(store.count, held.size);
          assert.equal(
            store.usedBytes,
            [...held.values()].reduce((sum, size) => sum + size, 0),
          );
        }
      }),
    );
  });

  it('gives back the very tensors that were put', () => {
    const store = new ObjectStore({ capacityBytes: 100, idPrefix: 'p' });
    const original = bundle(10);
    const { id } = store.put(original, TAG, 'a');
    assert.equal(store.get(id).bundle, original);
  });

  it('holds a bundle under an id given out elsewhere, within its capacity and once', () => {
    const store = new ObjectStore({ capacityBytes: 100, idPrefix: 'p' });
    const id = new ObjectIds('thread').next();
    const held = store.hold(id, bundle(60), TAG, 'a');
    assert.equal(store.get(id), held);
    assert.throws(() => store.hold(id, bundle(1), TAG, 'a'), saraError('INTERNAL', /is held already/));
    assert.throws(
      () => store.hold('other', bundle(41), TAG, 'a'),
      saraError('OBJECT_STORE_FULL', /60 \+ 41 > 100/),
    );
    assert.deepEqual([store.count, store.usedBytes], [1, 60]);
  });

  it('frees by owner or generation', () => {
    const store = new ObjectStore({ capacityBytes: 100, idPrefix: 'p' });
    store.put(bundle(10), TAG, 'a');
    const kept = store.put(bundle(20), { ...TAG, generation: 2 }, 'b');
    assert.equal(
      store.freeWhere((object) => object.tag.generation < 2),
      1,
    );
    assert.equal(store.usedBytes, 20);
    assert.equal(store.get(kept.id), kept);
  });
});

describe('a generation fence', () => {
  it('lets the highest generation pass, refuses lower ones, and tells of a rise once', () => {
    const raised: [string, number][] = [];
    const fence = new GenerationFence((run, generation) => raised.push([run, generation]));
    fence.admit('a', 3);
    fence.admit('a', 3);
    fence.admit('b', 1);
    fence.admit('a', 5);
    fence.admit('a', 5);
    assert.throws(
      () => fence.admit('a', 4),
      saraError('STALE_GENERATION', /generation 4 of run a.*generation 5/),
    );
    fence.admit('b', 1);
    assert.deepEqual(raised, [['a', 5]]);
  });
});
