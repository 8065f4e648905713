import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What fine-tuning must gain at least; it gains about 12 %. */
const MIN_GAIN = 0.05;

describe('the tfjs example', () => {
  it('runs, trains a fifth of the weights and then fewer, and lowers the loss on pictures it has not seen', async function () {
    this.timeout(300_000);
    const folder = await mkdtemp(join(tmpdir(), 'sara-tfjs-example-'));
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...['--import', 'tsx'],
        ...['examples/tfjs/fine-tune.ts', folder],
      ]);
      const number = (pattern: RegExp): number => Number((pattern.exec(stdout) ?? assert.fail(stdout))[1]);
      const selected = number(/^trained (\d+) of 148320 weights/m);
      assert.equal(selected, 29664);
      assert.equal(number(/^(\d+) updates/m), 80);
      assert.ok(number(/the second half on (\d+) weights/) < 0.95 * selected);
      assert.equal(number(/loss on (\d+) held-out/), 64);
      const [before, after] = [number(/: ([\d.]+) before/), number(/, ([\d.]+) after/)];
      assert.ok(after < (1 - MIN_GAIN) * before, stdout);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
