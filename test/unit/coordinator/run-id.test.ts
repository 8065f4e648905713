import assert from 'node:assert/strict';
import fc from 'fast-check';
import { requireRunId, runId } from '../../../coordinator/run-id.ts';
import { subjectToken } from '../../../shared/messaging/subjects.ts';

const AT_MS = Date.UTC(2026, 10, 24, 8, 30, 15);

describe('run id', () => {
  it('tells time, name and a suffix', () => {
    assert.equal(runId(AT_MS, 'Emoji', 0x4f2a), '20261124-083015-emoji-4f2a');
    assert.equal(runId(AT_MS, '', 7), '20261124-083015-run-0007');
    assert.equal(runId(AT_MS, '../Größe & Maß!', 7), '20261124-083015-gro-e-ma-0007');
  });

  it('is, for any name, safe as folder, key and subject token, and sorts by time', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 65535 }), fc.nat({ max: 1e9 }), (label, suffix, laterMs) => {
        const earlier = runId(AT_MS, label, suffix);
        assert.equal(requireRunId(earlier), earlier);
        assert.equal(subjectToken(earlier), earlier);
        assert.ok(runId(AT_MS + 1000 + laterMs, label, suffix) > earlier);
      }),
    );
  });

  it('refuses what is none before it becomes part of a key or path', () => {
    for (const text of [
      '',
      '../x',
      'a.b',
      '*',
      '20261124-083015-emoji-4f2',
      '20261124-083015-emoji-4f2a/..',
    ]) {
      assert.throws(() => requireRunId(text), { code: 'RUN_NOT_FOUND' });
    }
  });
});
