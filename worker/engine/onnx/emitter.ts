/**
 * Collects ONNX nodes and constants under fresh names; knows nothing of our operators.
 */
import { numElements } from '../../../shared/tensor.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxNode, OnnxType, OnnxValueInfo } from './onnx-schema.ts';

export type Attributes = Readonly<Record<string, OnnxAttribute>>;

const MICROSOFT_OPS = new Set(['FusedMatMul', 'MultiHeadAttention', 'QuickGelu']);

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly inputs: OnnxValueInfo[] = [];
  readonly outputs: OnnxValueInfo[] = [];
  readonly #constants = new Map<string, string>();
  #numNames = 0;

  fresh(hint = 't'): string {
    return `${hint}_${this.#numNames++}`;
  }

  /** One node with one output; returns the output's name. */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    output = this.fresh(),
  ): string {
    this.emitMany(opType, inputs, attributes, [output]);
    return output;
  }

  emitMany(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: readonly string[],
  ): void {
    this.nodes.push({
      opType,
      domain: MICROSOFT_OPS.has(opType) ? 'com.microsoft' : '',
      inputs,
      outputs,
      attributes,
    });
  }

  /** An int64 vector constant; equal ones are shared. */
  ints(values: readonly number[]): string {
    return this.#shared(`i64:${values.join(',')}`, 'int64', [values.length], () =>
      BigInt64Array.from(values.map((v) => BigInt(v))),
    );
  }

  /** A float32 scalar constant; equal ones are shared. */
  scalar(value: number): string {
    return this.#shared(`f32:${value}`, 'float32', [], () => Float32Array.of(value));
  }

  /** An int32 scalar constant; equal ones are shared. */
  int32(value: number): string {
    return this.#shared(`i32:${value}`, 'int32', [], () => Int32Array.of(value));
  }

  /** A float32 vector of equal entries. */
  filled(length: number, value: number): string {
    return this.#shared(`fill:${length}:${value}`, 'float32', [length], () =>
      new Float32Array(length).fill(value),
    );
  }

  constant(shape: readonly number[], data: Float32Array | Int32Array): string {
    const name = this.fresh('const');
    const type = data instanceof Int32Array ? 'int32' : 'float32';
    this.initializers.push({ name, type, dims: shape, data: { raw: bytesOf(data) } });
    return name;
  }

  reshape(x: string, shape: readonly number[], output = this.fresh()): string {
    return this.emit(
      'Reshape',
      [x, this.ints(shape)],
      numElements(shape) === 0 ? { allowzero: 1 } : {},
      output,
    );
  }

  transpose(x: string, permutation: readonly number[], output = this.fresh()): string {
    return this.emit('Transpose', [x], { perm: permutation }, output);
  }

  /** Half-open ranges per axis; a negative step walks backwards over the whole axis. */
  slice(
    x: string,
    ranges: readonly { axis: number; start: number; end: number; step?: number }[],
    output = this.fresh(),
  ): string {
    const pick = (f: (r: (typeof ranges)[number]) => number): string => this.ints(ranges.map(f));
    const inputs = [
      x,
      pick((r) => r.start),
      pick((r) => r.end),
      pick((r) => r.axis),
      pick((r) => r.step ?? 1),
    ];
    return this.emit('Slice', inputs, {}, output);
  }

  /** Zeros around: `pads` is before per axis, then after per axis. */
  pad(x: string, pads: readonly number[], output = this.fresh()): string {
    return this.emit('Pad', [x, this.ints(pads)], {}, output);
  }

  sum(x: string, axes: readonly number[], keepDims: boolean, output = this.fresh()): string {
    return this.emit('ReduceSum', [x, this.ints(axes)], { keepdims: keepDims ? 1 : 0 }, output);
  }

  mean(x: string, axes: readonly number[], output = this.fresh()): string {
    return this.emit('ReduceMean', [x, this.ints(axes)], { keepdims: 1 }, output);
  }

  #shared(key: string, type: OnnxType, dims: readonly number[], make: () => ArrayBufferView): string {
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.fresh('const');
      this.initializers.push({ name, type, dims, data: { raw: bytesOf(make()) } });
      this.#constants.set(key, name);
    }
    return name;
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
