/**
 * The graph as an ONNX model: one emission rule per operator.
 *
 * Weights become external initializers pointing into the user's safetensors file, graph inputs, or a scatter,
 * as their binding says (weight-store.ts). Which masks and buffers a run must feed beside the caller's own
 * inputs is returned as `feeds`.
 */
import { SaraError } from '../../../shared/errors.ts';
import { numElements, type DType } from '../../../shared/tensor.ts';
import { sameShape, type Graph, type Node, type Value } from '../graph.ts';
import { liveNodes } from '../live-nodes.ts';
import type { ConvGeometry, Op } from '../op.ts';
import { boundShape, type WeightStore } from '../weight-store.ts';
import { Emitter } from './emitter.ts';
import { emitAttention } from './lower-attention.ts';
import { inExecutionOrder } from './execution-order.ts';
import { gradientBlocks, nodesGatheredInBlocks, type GradientBlock } from './gradient-blocks.ts';
import { emitColumns, emitTaps, tapMajorToOihw, usesColumns } from './lower-conv-weight-grad.ts';
import { emitConv, emitConvInputGrad, type ConvShapes } from './lower-conv.ts';
import { inHalfPrecision } from './half-precision.ts';
import { biasedProducts, emitBiasedProduct, emitMatMul, type BiasedProduct } from './lower-linear.ts';
import { emitGroupNorm, emitGroupNormGrad, emitLayerNorm, emitLayerNormGrad } from './lower-norm.ts';
import { emitUpsample, emitUpsampleGrad } from './lower-upsample.ts';
import { encodeOnnxModel, nodeName, type OnnxType } from './onnx-schema.ts';
import { PROVIDER_FAULTS, type Precision, type ProviderFaults } from './provider.ts';

/** Values a run reads from the weight store. */
export type StoreFeed =
  /** Flat entries [start, end) of a weight's buffer, as a tensor of `shape`. */
  | {
      readonly kind: 'weight';
      readonly input: string;
      readonly name: string;
      readonly start: number;
      readonly end: number;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'scatter-indices'; readonly input: string; readonly name: string }
  | { readonly kind: 'scatter-values'; readonly input: string; readonly name: string }
  /** The masked indices within [start, end), which are the entries of one block of the gradient. */
  | ({ readonly kind: 'gradient-indices'; readonly input: string; readonly name: string } & Pick<
      GradientBlock,
      'start' | 'end' | 'tapMajor'
    >);

/** One output of the ONNX model: a whole graph output, or the part of a compact gradient that `indices` asks for. */
export interface LoweredOutput {
  readonly name: string;
  readonly indices: Extract<StoreFeed, { kind: 'gradient-indices' }> | null;
}

export interface LoweredModel {
  readonly bytes: Uint8Array;
  readonly feeds: readonly StoreFeed[];
  /** Per graph output the ONNX outputs that follow each other in it. */
  readonly outputs: ReadonlyMap<string, readonly LoweredOutput[]>;
  readonly numNodes: number;
  /** Names of the nodes that compute sines and cosines. */
  readonly sineNodes: readonly string[];
}

/** Value names of ONNX inputs and outputs are these prefixes and the graph's own names. */
export const inputName = (name: string): string => `in:${name}`;
export const outputName = (name: string): string => `out:${name}`;

/**
 * @throws SaraError FILE_CORRUPT when a weight's stored shape is not the one the graph uses
 */
export function lowerToOnnx(
  graph: Graph,
  weights: WeightStore,
  faults: ProviderFaults = PROVIDER_FAULTS.cpu,
  precision: Precision = 'float32',
): LoweredModel {
  return new Lowering(graph, weights, faults, precision).run();
}

class Lowering {
  readonly #graph: Graph;
  readonly #weights: WeightStore;
  readonly #faults: ProviderFaults;
  readonly #precision: Precision;
  readonly #e = new Emitter();
  readonly #names = new Map<Value, string>();
  readonly #feeds: StoreFeed[] = [];
  readonly #inBlocks: ReadonlySet<Node>;
  readonly #biased: ReadonlyMap<Node, BiasedProduct>;
  readonly #emittedElsewhere: ReadonlySet<Node>;
  readonly #outputs = new Map<string, LoweredOutput[]>();

  constructor(graph: Graph, weights: WeightStore, faults: ProviderFaults, precision: Precision) {
    this.#precision = precision;
    this.#graph = graph;
    this.#weights = weights;
    this.#faults = faults;
    this.#inBlocks = nodesGatheredInBlocks(graph.nodes, graph.outputs.values());
    this.#biased = biasedProducts(graph.nodes, graph.outputs.values());
    const products = [...this.#biased.values()].map(({ product }) => product);
    this.#emittedElsewhere = new Set([...this.#inBlocks, ...products]);
  }

  run(): LoweredModel {
    const live = liveNodes(this.#graph);
    const outputOf = new Map([...this.#graph.outputs].map(([name, value]) => [value, name]));
    for (const node of this.#graph.nodes) {
      // A declared input is part of the graph's contract whether it is read or not.
      const isWanted = live.has(node) || node.op.kind === 'input';
      if (!isWanted || this.#emittedElsewhere.has(node)) continue;
      const compact = node.op.kind === 'gatherMasked' ? outputOf.get(node.outputs[0]) : undefined;
      if (compact === undefined) this.#emit(node);
      else this.#outputs.set(compact, this.#emitCompactOutput(node, outputName(compact)));
    }
    for (const [name, value] of this.#graph.outputs) {
      if (this.#outputs.has(name)) continue;
      this.#e.emit('Identity', [this.#name(value)], {}, outputName(name));
      this.#e.outputs.push({ name: outputName(name), type: value.type, dims: value.shape });
      this.#outputs.set(name, [{ name: outputName(name), indices: null }]);
    }
    const ordered = inExecutionOrder(this.#e.nodes);
    const nodes = this.#precision === 'float16' ? inHalfPrecision(this.#e, ordered) : ordered;
    const { initializers, inputs, outputs } = this.#e;
    return {
      bytes: encodeOnnxModel({ nodes, initializers, inputs, outputs }),
      feeds: this.#feeds,
      outputs: this.#outputs,
      numNodes: nodes.length,
      sineNodes: nodes.flatMap((node, i) =>
        node.opType === 'Sin' || node.opType === 'Cos' ? [nodeName(node, i)] : [],
      ),
    };
  }

  #name(value: Value): string {
    const { op } = value.node;
    if (op.kind === 'weight' && !this.#names.has(value))
      this.#names.set(value, this.#emitWeight(value, 0, value.shape));
    const name = this.#names.get(value);
    if (name === undefined)
      throw new SaraError(
        'INTERNAL',
        `value ${value.id} of ${value.node.op.kind} is used before it is computed`,
      );
    return name;
  }

  #emit(node: Node): void {
    const { op } = node;
    const e = this.#e;
    const outputs = node.outputs.map((value) => `v${value.id}`);
    node.outputs.forEach((value, i) => this.#names.set(value, outputs[i]));
    const [y] = outputs;
    const shape = node.outputs[0].shape;
    const [a, b] = node.inputs;
    const inputs = (): string[] => node.inputs.map((input) => this.#name(input));
    switch (op.kind) {
      case 'input':
        this.#names.set(node.outputs[0], inputName(op.name));
        e.inputs.push({ name: inputName(op.name), type: node.outputs[0].type, dims: shape });
        return;
      case 'weight':
        // Emitted when it is first read: a weight that is read in slices only never appears whole.
        this.#names.delete(node.outputs[0]);
        return;
      case 'constant':
        this.#names.set(node.outputs[0], e.constant(shape, op.data));
        return;
      case 'neg':
      case 'exp':
      case 'sqrt':
      case 'reciprocal':
      case 'sigmoid':
      case 'gelu':
      case 'tanh':
      case 'sin':
      case 'cos':
      case 'erf':
      case 'sub':
      case 'mul':
      case 'div':
        e.emit(op.kind[0].toUpperCase() + op.kind.slice(1), inputs(), {}, y);
        return;
      case 'add': {
        const biased = this.#biased.get(node);
        if (biased === undefined) e.emit('Add', inputs(), {}, y);
        else emitBiasedProduct(e, biased, (value) => this.#name(value), shape, y);
        return;
      }
      case 'silu':
        e.emit('QuickGelu', inputs(), { alpha: { float: 1 } }, y);
        return;
      case 'quickGelu':
        e.emit('QuickGelu', inputs(), { alpha: { float: 1.702 } }, y);
        return;
      case 'affine':
        this.#emitAffine(op, this.#name(a), y);
        return;
      case 'matMul':
        emitMatMul(e, op, inputs(), y);
        return;
      case 'conv2d':
        emitConv(e, op, inputs(), b.shape, y);
        return;
      case 'conv2dInputGrad':
        emitConvInputGrad(e, op, inputs(), { dy: a.shape, w: b.shape, x: shape }, y);
        return;
      case 'conv2dWeightGrad':
        this.#emitConvWeightGrad(op, inputs(), { x: a.shape, dy: b.shape, w: shape }, y);
        return;
      case 'softmax':
        e.emit('Softmax', inputs(), { axis: -1 }, y);
        return;
      case 'softmaxGrad': {
        const [p, dp] = inputs();
        const product = e.emit('Mul', [p, dp]);
        const total = e.sum(product, [shape.length - 1], true);
        e.emit('Mul', [p, e.emit('Sub', [dp, total])], {}, y);
        return;
      }
      case 'groupNorm':
        emitGroupNorm(e, op, inputs(), shape, this.#faults.sharedEpsilon, y);
        return;
      case 'groupNormGrad':
        emitGroupNormGrad(e, op, inputs(), a.shape, outputs);
        return;
      case 'layerNorm':
        emitLayerNorm(e, op, inputs(), y);
        return;
      case 'layerNormGrad':
        emitLayerNormGrad(e, op, inputs(), a.shape, outputs);
        return;
      case 'attention':
        emitAttention(e, op, inputs(), { q: a.shape, k: b.shape }, !this.#faults.fusedAttention, y);
        return;
      case 'concat':
        e.emit('Concat', inputs(), { axis: op.axis }, y);
        return;
      case 'slice':
        if (a.node.op.kind === 'weight' && op.axis === 0)
          this.#names.set(node.outputs[0], this.#emitWeight(a, op.start, shape));
        else e.slice(this.#name(a), [op], y);
        return;
      case 'padAxis': {
        const pads = new Array<number>(2 * shape.length).fill(0);
        pads[op.axis] = op.before;
        pads[shape.length + op.axis] = op.after;
        e.pad(this.#name(a), pads, y);
        return;
      }
      case 'reshape':
        e.reshape(this.#name(a), shape, y);
        return;
      case 'transpose':
        e.transpose(this.#name(a), op.permutation, y);
        return;
      case 'broadcastTo':
        e.emit('Expand', [this.#name(a), e.ints(shape)], {}, y);
        return;
      case 'sum':
        e.sum(this.#name(a), op.axes, true, y);
        return;
      case 'upsampleNearest':
        emitUpsample(e, this.#name(a), a.shape, shape, y);
        return;
      case 'upsampleNearestGrad':
        emitUpsampleGrad(e, this.#name(a), shape, a.shape, y);
        return;
      case 'embedding':
        e.emit('Gather', inputs(), { axis: 0 }, y);
        return;
      case 'embeddingGrad': {
        const [ids, dy] = inputs();
        const rows = numElements(a.shape);
        const ids64 = e.emit('Cast', [e.reshape(ids, [rows, 1])], { to: 7 });
        const zeros = e.emit('Expand', [e.scalar(0), e.ints(shape)]);
        e.emit('ScatterND', [zeros, ids64, e.reshape(dy, [rows, shape[1]])], { reduction: 'add' }, y);
        return;
      }
      case 'gatherMasked':
        this.#emitGatherMasked(node, y);
        return;
    }
  }

  #emitAffine({ mul, add }: Extract<Op, { kind: 'affine' }>, x: string, y: string): void {
    const e = this.#e;
    if (add === 0) e.emit('Mul', [x, e.scalar(mul)], {}, y);
    else if (mul === 1) e.emit('Add', [x, e.scalar(add)], {}, y);
    else if (mul === -1) e.emit('Sub', [e.scalar(add), x], {}, y);
    else e.emit('Add', [e.emit('Mul', [x, e.scalar(mul)]), e.scalar(add)], {}, y);
  }

  /** The rows of a weight from `startRow` on that a tensor of `shape` holds: a view, but where values are scattered. */
  #emitWeight(weight: Value, startRow: number, shape: readonly number[]): string {
    const e = this.#e;
    const { name } = weight.node.op as Extract<Op, { kind: 'weight' }>;
    const binding = this.#weights.binding(name);
    const stored = boundShape(binding);
    if (
      numElements(stored) !== numElements(weight.shape) ||
      (binding.kind !== 'in-place' && !sameShape(stored, weight.shape))
    ) {
      throw new SaraError(
        'FILE_CORRUPT',
        `tensor ${name} has shape [${stored.join(', ')}] in the weight files; config.json asks for [${weight.shape.join(', ')}]`,
        { tensor: name },
      );
    }
    const start = startRow * numElements(shape.slice(1));
    const end = start + numElements(shape);
    const isWhole = end - start === numElements(weight.shape);
    const suffix = isWhole ? '' : `@${start}`;
    if (binding.kind === 'in-place') {
      const input = `weight:${name}${suffix}`;
      return this.#feed({ kind: 'weight', input, name, start, end, shape }, 'float32', shape);
    }
    if (binding.kind === 'scattered' && !isWhole) {
      const axis = { axis: 0, start: startRow, end: startRow + shape[0] };
      return e.slice(this.#name(weight), [axis]);
    }

    const { entry } = binding;
    const initializer = `file:${name}${suffix}`;
    const itemBytes = entry.sizeBytes / numElements(weight.shape);
    // Locations are relative to the root folder, which the engine names as the base: any absolute file serves.
    const location = entry.file.replace(/^\/+/, '');
    e.initializers.push({
      name: initializer,
      type: fileType(entry.dtype, name),
      dims: shape,
      data: {
        location,
        offsetBytes: entry.offsetBytes + start * itemBytes,
        sizeBytes: (end - start) * itemBytes,
      },
    });
    const base = entry.dtype === 'float32' ? initializer : e.emit('Cast', [initializer], { to: 1 });
    if (binding.kind === 'frozen') return base;

    const numScattered = `num_scattered:${name}`;
    const indices = this.#feed({ kind: 'scatter-indices', input: `scatter-indices:${name}`, name }, 'int32', [
      numScattered,
    ]);
    const values = this.#feed({ kind: 'scatter-values', input: `scatter-values:${name}`, name }, 'float32', [
      numScattered,
    ]);
    const flat = e.reshape(base, [-1]);
    return e.reshape(e.emit('ScatterElements', [flat, indices, values], { axis: 0 }), shape);
  }

  /** A dense gradient that more than a masked gather reads. */
  #emitConvWeightGrad(op: ConvGeometry, names: readonly string[], shapes: ConvShapes, y: string): void {
    const e = this.#e;
    if (!usesColumns(shapes)) {
      tapMajorToOihw(e, emitTaps(e, op, names, shapes), shapes.w, y);
      return;
    }
    const { rows, columns } = emitColumns(e, op, names, shapes);
    const product = emitMatMul(e, { transA: false, transB: true, alpha: 1 }, [rows, columns]);
    e.reshape(product, shapes.w, y);
  }

  #emitGatherMasked(node: Node, y: string): void {
    const parts = this.#gatherBlocks(node, (part) => `${y}#${part}`);
    this.#e.emit(
      'Concat',
      parts.map(({ name }) => name),
      { axis: 0 },
      y,
    );
  }

  /** A compact gradient that leaves the graph: every part is an output of its own, so nothing joins them. */
  #emitCompactOutput(node: Node, output: string): LoweredOutput[] {
    const parts = this.#gatherBlocks(node, (part) => `${output}#${part}`);
    for (const { name, indices } of parts)
      this.#e.outputs.push({ name, type: 'float32', dims: [lengthName(indices)] });
    return parts;
  }

  #gatherBlocks({ op, inputs }: Node, nameOfPart: (part: number) => string) {
    const e = this.#e;
    const { name } = op as Extract<Op, { kind: 'gatherMasked' }>;
    const blocks = gradientBlocks(e, inputs[0], this.#inBlocks, (value) => this.#name(value));
    return blocks.map(({ start, end, tapMajor, emit }, part) => {
      const indices = {
        kind: 'gradient-indices',
        input: `indices:${name}#${part}`,
        name,
        start,
        end,
        tapMajor,
      } as const;
      const fed = this.#feed(indices, 'int32', [lengthName(indices)]);
      const within = start === 0 ? fed : e.emit('Sub', [fed, e.int32(start)]);
      return { name: e.emit('GatherElements', [emit(), within], { axis: 0 }, nameOfPart(part)), indices };
    });
  }

  #feed(feed: StoreFeed, type: OnnxType, dims: readonly (number | string)[]): string {
    this.#feeds.push(feed);
    this.#e.inputs.push({ name: feed.input, type, dims });
    return feed.input;
  }
}

/** A part's length changes at re-selection, so its dimension is a name. */
function lengthName({ input }: StoreFeed): string {
  return `length:${input}`;
}

function fileType(dtype: DType, name: string): OnnxType {
  if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') return dtype;
  throw new SaraError(
    'FILE_CORRUPT',
    `tensor ${name} is stored as ${dtype}; weights must be float32, float16 or bfloat16`,
    { tensor: name, dtype },
  );
}
