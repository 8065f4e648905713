/**
 * The graph IR: a list of nodes in topological order, built through typed methods that infer every shape.
 *
 * Responsible for what a model *is* as arithmetic. Leaves differentiation to autodiff.ts, execution to the
 * lowerings (onnx/, tfjs/), and the bytes of the weights to the weight store.
 *
 * Nodes carry the name of the block they were built in (`inBlock`); the planner cuts a UNet into stages along
 * those names, see partition.ts.
 */
import { SaraError } from '../../shared/errors.ts';
import { numElements } from '../../shared/tensor.ts';
import type { BinaryKind, ConvGeometry, Op, Pads, UnaryKind } from './op.ts';

export type ValueType = 'float32' | 'int32';

/** One edge of the graph. Identity is the object. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ValueType;
  /** The node that computes it, and which of that node's outputs it is. */
  readonly node: Node;
  readonly outputIndex: number;
}

export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Name of the block the node belongs to, e.g. `down_blocks.0.resnets.1`; empty outside any block. */
  readonly block: string;
}

export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Value>();
  readonly weights = new Map<string, Value>();
  readonly outputs = new Map<string, Value>();
  #numValues = 0;
  #block = '';

  /** Runs `build`; every node it adds belongs to block `name` (the outermost name wins). */
  inBlock<T>(name: string, build: () => T): T {
    const outer = this.#block;
    this.#block = outer === '' ? name : outer;
    try {
      return build();
    } finally {
      this.#block = outer;
    }
  }

  /** Appends a node. For the builder methods, autodiff and partition; models use the methods below. */
  node(
    op: Op,
    inputs: readonly Value[],
    shapes: readonly (readonly number[])[],
    type: ValueType = 'float32',
  ): readonly Value[] {
    const outputs: Value[] = [];
    const node: Node = { id: this.nodes.length, op, inputs: [...inputs], outputs, block: this.#block };
    for (const [outputIndex, shape] of shapes.entries()) {
      outputs.push({ id: this.#numValues++, shape: [...shape], type, node, outputIndex });
    }
    this.nodes.push(node);
    return outputs;
  }

  /** A value fed at each run. */
  input(name: string, shape: readonly number[], type: ValueType = 'float32'): Value {
    if (this.inputs.has(name)) throw bug(`input ${name} is declared twice`);
    const value = this.node({ kind: 'input', name }, [], [shape], type)[0];
    this.inputs.set(name, value);
    return value;
  }

  /** The parameter stored under diffusers key `name`; asking twice gives the same value. */
  weight(name: string, shape: readonly number[]): Value {
    const known = this.weights.get(name);
    if (known !== undefined) {
      if (!sameShape(known.shape, shape))
        throw bug(`weight ${name} is used as ${show(known.shape)} and as ${show(shape)}`);
      return known;
    }
    const value = this.node({ kind: 'weight', name }, [], [shape])[0];
    this.weights.set(name, value);
    return value;
  }

  constant(shape: readonly number[], data: Float32Array | Int32Array): Value {
    if (numElements(shape) !== data.length)
      throw bug(`constant of shape ${show(shape)} holds ${data.length} values`);
    return this.node(
      { kind: 'constant', data },
      [],
      [shape],
      data instanceof Int32Array ? 'int32' : 'float32',
    )[0];
  }

  /** Names `value` as a result of the graph. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw bug(`output ${name} is declared twice`);
    this.outputs.set(name, value);
  }

  unary(kind: UnaryKind, x: Value): Value {
    return this.node({ kind }, [x], [x.shape])[0];
  }

  silu(x: Value): Value {
    return this.unary('silu', x);
  }

  binary(kind: BinaryKind, a: Value, b: Value): Value {
    return this.node({ kind }, [a, b], [broadcastShape(a.shape, b.shape)])[0];
  }

  add(a: Value, b: Value): Value {
    return this.binary('add', a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.binary('sub', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('mul', a, b);
  }

  div(a: Value, b: Value): Value {
    return this.binary('div', a, b);
  }

  /** x * mul + add with scalars fixed in the graph. */
  affine(x: Value, mul: number, add = 0): Value {
    return this.node({ kind: 'affine', mul, add }, [x], [x.shape])[0];
  }

  /** alpha * op(a) op(b) over the last two axes; leading axes broadcast as in numpy. */
  matMul(a: Value, b: Value, options: { transA?: boolean; transB?: boolean; alpha?: number } = {}): Value {
    const { transA = false, transB = false, alpha = 1 } = options;
    const [m, ka] = lastTwo(a.shape, transA);
    const [kb, n] = lastTwo(b.shape, transB);
    if (ka !== kb)
      throw bug(`matMul: inner sizes differ, ${show(a.shape)} and ${show(b.shape)}: ${ka} != ${kb}`);
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return this.node({ kind: 'matMul', transA, transB, alpha }, [a, b], [[...batch, m, n]])[0];
  }

  /** x [..., in], w [out, in], bias [out] or null: x w^T + bias, shape [..., out]. */
  linear(x: Value, w: Value, bias: Value | null): Value {
    const y = this.matMul(x, w, { transB: true });
    return bias === null ? y : this.add(y, bias);
  }

  /** x [B,I,H,W], w [O,I,kh,kw], bias [O] or null. */
  conv2d(
    x: Value,
    w: Value,
    bias: Value | null,
    geometry: { stride?: number; pads?: number | Pads } = {},
  ): Value {
    const stride = geometry.stride ?? 1;
    const p = geometry.pads ?? 0;
    const pads = typeof p === 'number' ? { top: p, left: p, bottom: p, right: p } : p;
    const [batch, channels, height, width] = x.shape;
    const [outChannels, inChannels, kh, kw] = w.shape;
    if (channels !== inChannels)
      throw bug(`conv2d: input has ${channels} channels, weight ${show(w.shape)} wants ${inChannels}`);
    const h = Math.floor((height + pads.top + pads.bottom - kh) / stride) + 1;
    const wOut = Math.floor((width + pads.left + pads.right - kw) / stride) + 1;
    const inputs = bias === null ? [x, w] : [x, w, bias];
    return this.node({ kind: 'conv2d', stride, pads }, inputs, [[batch, outChannels, h, wOut]])[0];
  }

  conv2dInputGrad(dy: Value, w: Value, inputShape: readonly number[], geometry: ConvGeometry): Value {
    return this.node({ kind: 'conv2dInputGrad', ...pick(geometry) }, [dy, w], [inputShape])[0];
  }

  conv2dWeightGrad(x: Value, dy: Value, weightShape: readonly number[], geometry: ConvGeometry): Value {
    return this.node({ kind: 'conv2dWeightGrad', ...pick(geometry) }, [x, dy], [weightShape])[0];
  }

  /** Over the last axis. */
  softmax(x: Value): Value {
    return this.node({ kind: 'softmax' }, [x], [x.shape])[0];
  }

  /** x [B,C,...], gamma [C], beta [C]. */
  groupNorm(x: Value, gamma: Value, beta: Value, numGroups: number, epsilon: number): Value {
    const channels = x.shape[1];
    if (channels % numGroups !== 0)
      throw bug(`groupNorm: ${channels} channels do not split into ${numGroups} groups`);
    return this.node({ kind: 'groupNorm', numGroups, epsilon }, [x, gamma, beta], [x.shape])[0];
  }

  /** Over the last axis: x [...,C], gamma [C], beta [C]. */
  layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): Value {
    return this.node({ kind: 'layerNorm', epsilon }, [x, gamma, beta], [x.shape])[0];
  }

  /** q [B,Sq,H*D], k and v [B,Sk,H*D]: softmax(scale q k^T) v per head, heads side by side in the last axis. */
  attention(
    q: Value,
    k: Value,
    v: Value,
    numHeads: number,
    options: { scale?: number; causal?: boolean } = {},
  ): Value {
    const channels = q.shape[2];
    if (channels % numHeads !== 0)
      throw bug(`attention: ${channels} channels do not split into ${numHeads} heads`);
    const scale = options.scale ?? 1 / Math.sqrt(channels / numHeads);
    return this.node(
      { kind: 'attention', numHeads, scale, causal: options.causal ?? false },
      [q, k, v],
      [[q.shape[0], q.shape[1], v.shape[2]]],
    )[0];
  }

  concat(values: readonly Value[], axis: number): Value {
    const shape = [...values[0].shape];
    shape[axis] = values.reduce((sum, v) => sum + v.shape[axis], 0);
    return this.node({ kind: 'concat', axis }, values, [shape])[0];
  }

  /** The half-open range [start, end) of `axis`. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    if (start < 0 || end > x.shape[axis] || start >= end) {
      throw bug(`slice: [${start}, ${end}) is no range of axis ${axis} of ${show(x.shape)}`);
    }
    const shape = [...x.shape];
    shape[axis] = end - start;
    return this.node({ kind: 'slice', axis, start, end }, [x], [shape])[0];
  }

  padAxis(x: Value, axis: number, before: number, after: number): Value {
    const shape = [...x.shape];
    shape[axis] += before + after;
    return this.node({ kind: 'padAxis', axis, before, after }, [x], [shape])[0];
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (numElements(shape) !== numElements(x.shape))
      throw bug(`reshape: ${show(x.shape)} does not hold ${show(shape)}`);
    return this.node({ kind: 'reshape' }, [x], [shape], x.type)[0];
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    return this.node(
      { kind: 'transpose', permutation: [...permutation] },
      [x],
      [permutation.map((axis) => x.shape[axis])],
    )[0];
  }

  broadcastTo(x: Value, shape: readonly number[]): Value {
    return sameShape(x.shape, shape) ? x : this.node({ kind: 'broadcastTo' }, [x], [shape])[0];
  }

  /** Sum over `axes`, kept with size 1. */
  sum(x: Value, axes: readonly number[]): Value {
    return this.node(
      { kind: 'sum', axes: [...axes] },
      [x],
      [x.shape.map((d, axis) => (axes.includes(axis) ? 1 : d))],
    )[0];
  }

  /** Mean over all entries, shape []. */
  mean(x: Value): Value {
    const total = this.sum(
      x,
      x.shape.map((_, axis) => axis),
    );
    return this.affine(this.reshape(total, []), 1 / numElements(x.shape));
  }

  /** x [B,C,H,W] to [B,C,height,width] by nearest neighbour. */
  upsampleNearest(x: Value, height: number, width: number): Value {
    return this.node({ kind: 'upsampleNearest' }, [x], [[x.shape[0], x.shape[1], height, width]])[0];
  }

  /** table [V,C], ids int32 [...] -> [...,C]. */
  embedding(table: Value, ids: Value): Value {
    return this.node({ kind: 'embedding' }, [table, ids], [[...ids.shape, table.shape[1]]])[0];
  }

  /** The masked entries of dense gradient `gradient` of weight `name`, [numSelected], in mask order. */
  gatherMasked(gradient: Value, name: string, numSelected: number): Value {
    return this.node({ kind: 'gatherMasked', name }, [gradient], [[numSelected]])[0];
  }
}

/** Shape of a op b under numpy broadcasting. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (da !== db && da !== 1 && db !== 1) throw bug(`shapes ${show(a)} and ${show(b)} do not broadcast`);
    shape.push(da === 1 ? db : da);
  }
  return shape;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const rows = shape[shape.length - 2];
  const columns = shape[shape.length - 1];
  return transposed ? [columns, rows] : [rows, columns];
}

function pick({ stride, pads }: ConvGeometry): ConvGeometry {
  return { stride, pads };
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** A graph that cannot be built is a mistake of the model code, never of the user. */
function bug(message: string): SaraError {
  return new SaraError('INTERNAL', message);
}
