/** Which backend is chosen, and what is said of those that are not. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { Backend, BACKENDS, type BackendName } from '../../../../worker/engine/tfjs/backend.ts';
import { saraError } from '../../../support/sara-error.ts';

function isInstalled(name: BackendName): boolean {
  try {
    createRequire(import.meta.url).resolve(`@tensorflow/tfjs-${name}`);
    return true;
  } catch {
    return false;
  }
}

describe('backend', () => {
  const absent = (['node-gpu', 'node'] as const).filter((name) => !isInstalled(name));

  it('is by itself the fastest that can be loaded, and says why it is not a faster one', async () => {
    const { name, device } = await Backend.load('auto', 1);
    const faster = BACKENDS.slice(0, BACKENDS.indexOf(name));
    assert.notEqual(name, 'cpu', 'wasm comes with the project');
    assert.ok(device.startsWith(`tfjs ${name}`), device);
    for (const refused of faster) assert.match(device, new RegExp(`; ${refused}: .+`));
    for (const refused of absent) assert.ok(device.includes(`; ${refused}: not installed`), device);
  });

  for (const name of absent) {
    it(`refuses ${name} where its package is not installed, and says what to do`, async () => {
      await assert.rejects(
        Backend.load(name, 1),
        saraError(
          'CONFIG_INVALID',
          new RegExp(`backend ${name}: not installed. Install @tensorflow/tfjs-${name} or .*auto`),
        ),
      );
    });
  }

  it('is the active one of the process from activate, or yield, to the next await', async () => {
    const [wasm, cpu] = [await Backend.load('wasm', 1), await Backend.load('cpu', 1)];
    for (const backend of [wasm, cpu, wasm]) {
      backend.activate();
      assert.equal(tf.getBackend(), backend.name);
      const one = tf.scalar(1);
      assert.equal(tf.backend().refCount(one.dataId), 1, `a tensor is made on ${backend.name}`);
      one.dispose();
    }
    await Promise.all([
      wasm.yield().then(() => assert.equal(tf.getBackend(), 'wasm')),
      cpu.yield().then(() => assert.equal(tf.getBackend(), 'cpu')),
    ]);
  });

  it('refuses what the heap of WebAssembly has no room for, instead of writing to address 0', async () => {
    const wasm = await Backend.load('wasm', 1);
    wasm.activate();
    // As a kernel asks for its output: nothing is written, so no memory of the machine is used.
    const gibibyte = (): object => tf.backend().write(null as never, [2 ** 28], 'float32');
    const held: object[] = [];
    try {
      assert.throws(() => {
        for (let i = 0; i < 4; i++) held.push(gibibyte());
      }, /the heap of WebAssembly has \d+ bytes and no room for 1073741824 more/);
      assert.ok(held.length >= 2, `${held.length} GiB fit`);
    } finally {
      for (const dataId of held) tf.backend().disposeData(dataId);
    }
    const sum = tf.tidy(() => tf.sum(tf.ones([100])).dataSync()[0]);
    assert.equal(sum, 100, 'the backend goes on working');
  });
});
