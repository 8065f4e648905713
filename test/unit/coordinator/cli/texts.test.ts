import assert from 'node:assert/strict';
import { join } from 'node:path';
import { exactBytes, formatBytes, parseBytes } from '../../../../shared/bytes.ts';
import { closingLines } from '../../../../coordinator/cli/closing-lines.ts';
import { newView, type RunView } from '../../../../coordinator/cli/run-view.ts';
import { formatDuration, shownPath } from '../../../../coordinator/cli/text.ts';
import { describeError } from '../../../../coordinator/cli/user-error.ts';
import { alignColumns } from '../../../../shared/table.ts';
import { ChildFailed } from '../../../../coordinator/worker-program.ts';
import { resolveRunConfig } from '../../../../shared/config.ts';
import { ERROR_CODES, SaraError, type ErrorCode } from '../../../../shared/errors.ts';

describe('texts for people', () => {
  it('gives bytes three significant digits, and refusals every digit', () => {
    const shown = [0, 999, 1000, 12_345, 999_999, 1_250_000_000, 3.44e12].map(formatBytes);
    assert.deepEqual(shown, ['0 B', '999 B', '1.00 kB', '12.3 kB', '1.00 MB', '1.25 GB', '3.44 TB']);
    assert.equal(exactBytes(1_250_000_000), '1,250,000,000 bytes');
  });

  it('reads sizes in decimal and binary units', () => {
    const read = ['8GB', '8 GiB', '512M', '1.5k', '1000', '0'].map(parseBytes);
    assert.deepEqual(read, [8e9, 8 * 1024 ** 3, 512e6, 1500, 1000, 0]);
    for (const text of ['', 'GB', '-1', '8XB', '8GBs', '1e9']) assert.equal(parseBytes(text), null, text);
  });

  it('gives durations two units', () => {
    const shown = [0.4, 59.6, 187, 3600, 7505, Number.NaN].map(formatDuration);
    assert.deepEqual(shown, ['0 s', '1 min 00 s', '3 min 07 s', '1 h 00 min', '2 h 05 min', '?']);
  });

  it('shows paths relative to the current folder only when they lie in it', () => {
    assert.equal(shownPath(join(process.cwd(), 'runs', 'x')), join('runs', 'x'));
    assert.equal(shownPath('/elsewhere/x'), '/elsewhere/x');
  });

  it('aligns columns of rows of different length', () => {
    assert.deepEqual(alignColumns([['a', 'bb', 'c'], ['aaa'], ['', 'b']]), ['a    bb  c', 'aaa', '     b']);
    assert.deepEqual(alignColumns([]), []);
  });
});

describe('error message', () => {
  it('is one line and, where one helps, a hint, for every code', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const text = describeError(new SaraError(code, 'it broke', { step: 3 }), false);
      assert.match(text, /^sara: it broke\n( {6}\S.*\n)?$/, code);
    }
  });

  it('shows code, values and causes when asked', () => {
    const cause = new TypeError('deep down');
    const text = describeError(new SaraError('INTERNAL', 'it broke', { step: 3 }, { cause }), true);
    assert.match(text, /INTERNAL \{"step":3\}/);
    assert.match(text, /TypeError: deep down\n +at /);
  });

  it('is left to the child program where that has spoken', () => {
    const error = new ChildFailed('the worker program (sample)', { code: 66, signal: null });
    assert.equal(describeError(error, false), '');
    assert.equal(error.exitCode, 66);
  });
});

describe('closing lines', () => {
  const runFolder = join(process.cwd(), 'runs', 'r');
  const config = resolveRunConfig(
    {
      model: { path: 'my base' },
      data: { path: 'pictures', resolution: 32 },
      sara: { threshold: 1e-3 },
      preview: { prompts: ['', "it's a cat"] },
    },
    'test',
    process.cwd(),
  );
  const view: RunView = {
    ...newView('r', 100),
    step: 100,
    startedAtMs: 0,
    atMs: 65_000,
    validationLosses: [0.5, 0.45, 0.4],
    artifacts: [
      { name: 'adapter', path: join(runFolder, 'adapter.safetensors'), sizeBytes: 1_200_000 },
      { name: 'samples', path: join(runFolder, 'samples.png'), sizeBytes: 50_000 },
    ],
  };

  it('say what was made, where it is, and commands a shell can run', () => {
    const text = closingLines({ view, config, runFolder, command: 'npx sara' });
    assert.match(
      text,
      /^Fine-tuned in 1 min 05 s: 100 steps, validation loss 0\.5000 -> 0\.4000 \(-20\.0 %\)\.\n/,
    );
    assert.match(text, /^ {2}runs\/r\/adapter\.safetensors {2}1\.20 MB /m);
    assert.ok(
      text.includes(
        String.raw`npx sara sample --model 'my base' --adapter runs/r/adapter.safetensors --prompt 'it'\''s a cat'`,
      ),
      text,
    );
    assert.ok(text.includes('npx sara train --resume runs/r --set train.steps=200'), text);
  });

  it('do without a validation loss or an adapter', () => {
    const text = closingLines({
      view: { ...view, validationLosses: [], artifacts: [] },
      config,
      runFolder,
      command: 'sara',
    });
    assert.match(text, /^Fine-tuned in 1 min 05 s: 100 steps\.\n/);
    assert.doesNotMatch(text, /sample --model/);
  });
});
