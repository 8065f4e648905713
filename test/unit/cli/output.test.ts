import assert from 'node:assert/strict';
import { count, percent, shown } from '../../../worker/cli/output.ts';

describe('printed values', () => {
  it('are percentages that neither hide a rest nor claim all', () => {
    assert.deepEqual([0, 1e-6, 0.0005, 0.1234, 0.5, 0.99999, 1].map(percent), [
      '0 %',
      '< 0.1 %',
      '0.1 %',
      '12.3 %',
      '50.0 %',
      '> 99.9 %',
      '100 %',
    ]);
  });

  it('are counts with their thousands apart', () => {
    assert.equal(count(859520964), '859,520,964');
  });

  it('are texts that cannot steer the terminal: every control character is written out', () => {
    assert.equal(shown('plain, ünïcödé 絵'), 'plain, ünïcödé 絵');
    assert.equal(
      shown('\u001b[2Jgone\r\nover\u202egnp.exe'),
      '\\u001b[2Jgone\\u000d\\u000aover\\u202egnp.exe',
    );
    assert.equal(shown('\u009b31m\u007f\u200b'), '\\u009b31m\\u007f\\u200b');
  });

  it('are cut when long, saying how long', () => {
    assert.equal(shown('x'.repeat(5000), 3), 'xxx… (5,000 characters)');
  });
});
