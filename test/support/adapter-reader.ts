/**
 * Reads adapter files as user interfaces do: finds a module by any of its spellings and makes its change dense.
 * Rules as ComfyUI's and A1111's loaders have them: `.diff` and `.diff_b` are added as they are; of a LoRA the
 * flattened factors are multiplied and scaled by alpha over rank.
 */
import assert from 'node:assert/strict';
import { SafetensorsFile } from '../../shared/safetensors.ts';
import { numElements } from '../../shared/tensor.ts';
import type { UNetConfig } from '../../worker/model/diffusers-config.ts';
import { storedModuleName } from '../../worker/model/single-file/unet-names.ts';
import { unetParameters } from '../../worker/model/unet.ts';

export interface ReadAdapter {
  /** Dense change by the UNet's own tensor names. */
  readonly changes: ReadonlyMap<string, Float32Array | Float64Array>;
  /** Rank by module, of a LoRA. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Fails on a key that no module explains, and on shapes that do not fit the module. */
export async function readAdapterAsUiDoes(path: string, config: UNetConfig): Promise<ReadAdapter> {
  const shapes = unetParameters(config);
  const modules = [...shapes.keys()]
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -7));
  const file = await SafetensorsFile.open(path);
  const unread = new Set(file.entries.keys());
  const changes = new Map<string, Float32Array | Float64Array>();
  const ranks = new Map<string, number>();
  const take = async (key: string): Promise<Factor | null> =>
    unread.delete(key) ? file.readFloat32(key) : null;
  const keep = (name: string, shape: readonly number[], data: Float32Array): void => {
    assert.deepEqual(shape, shapes.get(name), name);
    changes.set(name, data);
  };
  for (const module of modules) {
    const weight = `${module}.weight`;
    for (const spelling of spellings(config, module)) {
      const diff = await take(`${spelling}.diff`);
      if (diff !== null) keep(weight, diff.shape, diff.data);
      const bias = await take(`${spelling}.diff_b`);
      if (bias !== null) keep(`${module}.bias`, bias.shape, bias.data);
      for (const [upKey, downKey] of [
        ['lora_up.weight', 'lora_down.weight'],
        ['lora.up.weight', 'lora.down.weight'],
      ]) {
        const up = await take(`${spelling}.${upKey}`);
        const down = await take(`${spelling}.${downKey}`);
        if (up === null || down === null) continue;
        const alpha = await take(`${spelling}.alpha`);
        assert.deepEqual(alpha?.shape ?? [], []);
        changes.set(weight, product(up, down, alpha?.data[0] ?? null, shapes.get(weight) ?? []));
        ranks.set(module, down.shape[0]);
      }
    }
  }
  const { metadata } = file;
  await file.close();
  assert.deepEqual([...unread], [], 'keys that no module explains');
  return { changes, ranks, metadata };
}

function spellings(config: UNetConfig, module: string): string[] {
  return [
    `lora_unet_${module.replaceAll('.', '_')}`,
    `lora_unet_${(storedModuleName(config, module) ?? assert.fail(module)).replaceAll('.', '_')}`,
    `unet.${module}`,
  ].filter((spelling, i, all) => all.indexOf(spelling) === i);
}

interface Factor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function product(up: Factor, down: Factor, alpha: number | null, shape: readonly number[]): Float64Array {
  const rank = down.shape[0];
  assert.deepEqual(up.shape, [shape[0], rank, ...shape.slice(2).map(() => 1)]);
  assert.deepEqual(down.shape, [rank, ...shape.slice(1)]);
  const scale = alpha === null ? 1 : alpha / rank;
  const columns = numElements(shape.slice(1));
  return Float64Array.from({ length: shape[0] * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += up.data[row * rank + k] * down.data[k * columns + column];
    return scale * sum;
  });
}
