import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAdapter } from '../../../worker/sara/adapter-file.ts';
import { makeAdapterFor } from '../../support/made-adapter.ts';
import { runSara } from '../../support/sara-command.ts';

const UNET = 'test/golden/unet-pixel/unet';

describe('sara export, from the coordinator’s program to the worker’s', () => {
  let folder: string;
  let adapter: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-adapters-'));
    adapter = join(folder, 'adapter.safetensors');
    await writeAdapter(adapter, await makeAdapterFor(UNET));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('prints one JSON document and leaves nothing running', async () => {
    const out = join(folder, 'out.safetensors');
    const args = ['--model', UNET, '--adapter', adapter, '--out', out, '--json'];
    const { code, stdout, stderr, leftBehind } = await runSara(['export', ...args]);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { path: string }).path, out);
    assert.deepEqual(leftBehind, []);
  });

  it('says once what is wrong, and ends with the code of the table', async () => {
    for (const [args, code, message] of [
      [['--adapter', join(folder, 'none.safetensors')], 66, /cannot open .*none\.safetensors/],
      [['--adapter', adapter, '--format', 'ckpt'], 64, /expected one of lycoris, lora, lora-diffusers/],
    ] as const) {
      const exit = await runSara([
        'export',
        '--model',
        UNET,
        '--out',
        join(folder, 'x.safetensors'),
        ...args,
      ]);
      assert.equal(exit.code, code, exit.stderr);
      assert.equal(exit.stdout, '');
      assert.match(exit.stderr, message);
      assert.equal(exit.stderr.match(/^sara: /gm)?.length, 1, exit.stderr);
      assert.doesNotMatch(exit.stderr, /^ +at /m);
    }
  });
}).timeout(300_000);
