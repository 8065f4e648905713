/**
 * Reverse-mode differentiation on the graph: appends the nodes that compute vector-Jacobian products.
 *
 * The gradient of a weight is an ordinary value between the node that computes it and the `gatherMasked` that
 * keeps its trained entries; nothing dense is ever an output unless the caller names it one. This is SaRA's
 * "unstructural backpropagation" (paper, Eq. 6-7) carried to a compiled graph: the dense gradient lives only
 * as long as one node's scratch buffer.
 *
 * Only nodes on a path from `wrt` to a seed are differentiated, so frozen parts cost nothing. What is cheap to compute
 * is computed again rather than kept from the forward pass.
 */
import { SaraError } from '../../shared/errors.ts';
import { numElements } from '../../shared/tensor.ts';
import { attentionBlocks, causalMask, type AttentionRange } from './attention-blocks.ts';
import { sameShape, type Graph, type Node, type Value } from './graph.ts';
import type { Op } from './op.ts';

export { ATTENTION_BLOCK_BYTES, attentionBlockRows, causalMask } from './attention-blocks.ts';

/** What becomes of a finished gradient, e.g. a masked gather in its place. */
export type Finish = (value: Value, gradient: Value) => Value;

/**
 * @param seeds per output value its incoming gradient, of the same shape
 * @param wrt values whose gradients are wanted
 * @param finish called for each gradient of `wrt` as soon as it is complete, so that what it adds to the graph stands
 *   right behind the gradient and the dense one need not live longer
 * @returns per value of `wrt` its finished gradient; a value that no seed depends on is absent
 */
export function differentiate(
  graph: Graph,
  seeds: ReadonlyMap<Value, Value>,
  wrt: Iterable<Value>,
  finish: Finish = (_, gradient) => gradient,
): Map<Value, Value> {
  const targets = new Set(wrt);
  const forwardNodes = [...graph.nodes];
  const needed = dependents(forwardNodes, targets);
  const gradients = new Gradients(graph);
  const finished = new Map<Value, Value>();
  const again = recomputing(graph, new Set(forwardNodes));
  for (const [value, seed] of seeds) if (needed.has(value)) gradients.add(value, seed);

  for (let i = forwardNodes.length - 1; i >= 0; i--) {
    const node = forwardNodes[i];
    graph.inBlock(node.block, () => {
      const incoming = gradients.of(node.outputs[0]);
      if (incoming === undefined) return;
      if (targets.has(node.outputs[0])) finished.set(node.outputs[0], finish(node.outputs[0], incoming));
      if (!node.inputs.some((input) => needed.has(input))) return;
      if (node.op.kind === 'slice') {
        gradients.addSlice(node.inputs[0], node.op, incoming);
        return;
      }
      const recomputed = { ...node, inputs: node.inputs.map(again), outputs: node.outputs.map(again) };
      const contributions = vectorJacobianProducts(graph, recomputed, incoming, (input) =>
        needed.has(node.inputs[input]),
      );
      for (const [input, gradient] of contributions.entries()) {
        if (gradient !== null && needed.has(node.inputs[input])) gradients.add(node.inputs[input], gradient);
      }
    });
  }
  return finished;
}

/**
 * Operators that are computed a second time for the backward pass, so that their results need not be kept for it.
 * Each is one pass over its input, which the backward pass keeps in any case.
 */
const CHEAP_TO_REPEAT: ReadonlySet<Op['kind']> = new Set([
  'silu',
  'quickGelu',
  'gelu',
  'mul',
  'groupNorm',
  'layerNorm',
]);

/** @returns the value, or where that is cheap a second computation of it, appended to the graph when first asked for */
function recomputing(graph: Graph, forward: ReadonlySet<Node>): (value: Value) => Value {
  const repeated = new Map<Value, Value>();
  const again = (value: Value): Value => {
    const { node } = value;
    if (!forward.has(node) || !CHEAP_TO_REPEAT.has(node.op.kind)) return value;
    let copy = repeated.get(value);
    if (copy === undefined) {
      [copy] = graph.node(node.op, node.inputs.map(again), [value.shape]);
      repeated.set(value, copy);
    }
    return copy;
  };
  return again;
}

interface SliceGradient {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly gradient: Value;
}

/** Gradients of forward values while they come in, one contribution per reader. */
class Gradients {
  readonly #graph: Graph;
  readonly #sums = new Map<Value, Value>();
  readonly #slices = new Map<Value, SliceGradient[]>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  add(value: Value, gradient: Value): void {
    if (!sameShape(value.shape, gradient.shape)) {
      throw new SaraError(
        'INTERNAL',
        `gradient of ${value.node.op.kind} has shape [${gradient.shape.join(', ')}], value [${value.shape.join(', ')}]`,
      );
    }
    const known = this.#sums.get(value);
    this.#sums.set(value, known === undefined ? gradient : this.#graph.add(known, gradient));
  }

  /** The gradient of the range of `value` that a slice read; zero elsewhere. */
  addSlice(value: Value, { axis, start, end }: Omit<SliceGradient, 'gradient'>, gradient: Value): void {
    const known = this.#slices.get(value) ?? [];
    this.#slices.set(value, [...known, { axis, start, end, gradient }]);
  }

  /** The sum of what has come in, which must be all there is. */
  of(value: Value): Value | undefined {
    for (const gradient of this.#joinSlices(value)) this.add(value, gradient);
    return this.#sums.get(value);
  }

  /** Slices that share the whole axis among them are put side by side; others are padded with zeros. */
  #joinSlices(value: Value): Value[] {
    const slices = (this.#slices.get(value) ?? []).sort((a, b) => a.start - b.start);
    this.#slices.delete(value);
    if (slices.length === 0) return [];
    const { axis } = slices[0];
    const ends = [0, ...slices.map(({ end }) => end)];
    const tile =
      slices.every((slice, i) => slice.axis === axis && slice.start === ends[i]) &&
      ends[slices.length] === value.shape[axis];
    if (tile && slices.length > 1)
      return [
        this.#graph.concat(
          slices.map(({ gradient }) => gradient),
          axis,
        ),
      ];
    return slices.map((slice) =>
      this.#graph.padAxis(slice.gradient, slice.axis, slice.start, value.shape[slice.axis] - slice.end),
    );
  }
}

/** Every value that depends on one of `sources`, the sources included. */
function dependents(nodes: readonly Node[], sources: Iterable<Value>): Set<Value> {
  const reached = new Set<Value>(sources);
  for (const node of nodes) {
    if (node.inputs.some((input) => reached.has(input)))
      node.outputs.forEach((output) => reached.add(output));
  }
  return reached;
}

/**
 * Gradient per input of `node`, null where it has none or is not wanted.
 * @param wants whether input number i needs a gradient
 */
function vectorJacobianProducts(
  g: Graph,
  node: Node,
  dy: Value,
  wants: (input: number) => boolean,
): (Value | null)[] {
  const { op, inputs } = node;
  const [a, b] = inputs;
  const y = node.outputs[0];
  switch (op.kind) {
    case 'neg':
      return [g.unary('neg', dy)];
    case 'exp':
      return [g.mul(dy, y)];
    case 'sqrt':
      return [g.affine(g.div(dy, y), 0.5)];
    case 'reciprocal':
      return [g.unary('neg', g.mul(dy, g.mul(y, y)))];
    case 'sigmoid':
      return [g.mul(dy, g.mul(y, g.affine(y, -1, 1)))];
    case 'tanh':
      return [g.mul(dy, g.affine(g.mul(y, y), -1, 1))];
    case 'sin':
      return [g.mul(dy, g.unary('cos', a))];
    case 'cos':
      return [g.unary('neg', g.mul(dy, g.unary('sin', a)))];
    case 'erf':
      return [g.mul(dy, g.affine(gaussian(g, a, 1), 2 / Math.sqrt(Math.PI)))];
    case 'silu': {
      // d(x s)/dx = s + x s (1 - s) with s = sigmoid(x)
      const s = g.unary('sigmoid', a);
      return [g.mul(dy, g.add(s, g.mul(y, g.affine(s, -1, 1))))];
    }
    case 'quickGelu': {
      const s = g.unary('sigmoid', g.affine(a, QUICK_GELU_SLOPE));
      return [g.mul(dy, g.add(s, g.mul(g.affine(y, QUICK_GELU_SLOPE), g.affine(s, -1, 1))))];
    }
    case 'gelu': {
      // Phi(x) + x phi(x)
      const cdf = g.affine(g.unary('erf', g.affine(a, Math.SQRT1_2)), 0.5, 0.5);
      const pdf = g.affine(gaussian(g, a, 0.5), 1 / Math.sqrt(2 * Math.PI));
      return [g.mul(dy, g.add(cdf, g.mul(a, pdf)))];
    }
    case 'affine':
      return [g.affine(dy, op.mul)];
    case 'add':
      return [reduceTo(g, dy, a.shape), reduceTo(g, dy, b.shape)];
    case 'sub':
      return [reduceTo(g, dy, a.shape), wants(1) ? g.unary('neg', reduceTo(g, dy, b.shape)) : null];
    case 'mul':
      return [
        wants(0) ? reduceTo(g, g.mul(dy, b), a.shape) : null,
        wants(1) ? reduceTo(g, g.mul(dy, a), b.shape) : null,
      ];
    case 'div':
      return [
        wants(0) ? reduceTo(g, g.div(dy, b), a.shape) : null,
        wants(1) ? g.unary('neg', reduceTo(g, g.div(g.mul(dy, y), b), b.shape)) : null,
      ];
    case 'matMul':
      return matMulGradients(g, op, a, b, dy, wants);
    case 'conv2d':
      return [
        wants(0) ? g.conv2dInputGrad(dy, b, a.shape, op) : null,
        wants(1) ? g.conv2dWeightGrad(a, dy, b.shape, op) : null,
        inputs.length > 2 && wants(2) ? g.reshape(g.sum(dy, [0, 2, 3]), inputs[2].shape) : null,
      ];
    case 'softmax':
      return [g.node({ kind: 'softmaxGrad' }, [y, dy], [y.shape])[0]];
    case 'groupNorm':
      return [...g.node({ ...op, kind: 'groupNormGrad' }, [a, b, dy], [a.shape, b.shape, b.shape])];
    case 'layerNorm':
      return [...g.node({ ...op, kind: 'layerNormGrad' }, [a, b, dy], [a.shape, b.shape, b.shape])];
    case 'attention':
      return attentionGradients(g, op, inputs, y, dy);
    case 'concat': {
      let start = 0;
      return inputs.map((input, i) => {
        const end = start + input.shape[op.axis];
        const part = wants(i) ? g.slice(dy, op.axis, start, end) : null;
        start = end;
        return part;
      });
    }
    case 'slice':
      throw new SaraError('INTERNAL', 'slices of a value are differentiated together, see Gradients');
    case 'padAxis':
      return [g.slice(dy, op.axis, op.before, op.before + a.shape[op.axis])];
    case 'reshape':
      return [g.reshape(dy, a.shape)];
    case 'transpose': {
      const inverse = op.permutation.map((_, axis) => op.permutation.indexOf(axis));
      return [g.transpose(dy, inverse)];
    }
    case 'broadcastTo':
      return [reduceTo(g, dy, a.shape)];
    case 'sum':
      return [g.broadcastTo(dy, a.shape)];
    case 'upsampleNearest':
      return [g.node({ kind: 'upsampleNearestGrad' }, [dy], [a.shape])[0]];
    case 'embedding':
      return [g.node({ kind: 'embeddingGrad' }, [b, dy], [a.shape])[0], null];
    case 'input':
    case 'weight':
    case 'constant':
      return [];
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad':
    case 'softmaxGrad':
    case 'groupNormGrad':
    case 'layerNormGrad':
    case 'upsampleNearestGrad':
    case 'embeddingGrad':
    case 'gatherMasked':
      throw new SaraError('INTERNAL', `${op.kind} is a gradient already; second derivatives are not defined`);
  }
}

const QUICK_GELU_SLOPE = 1.702;

/** exp(-c x^2) */
function gaussian(g: Graph, x: Value, c: number): Value {
  return g.unary('exp', g.affine(g.mul(x, x), -c));
}

/** Adjoint of broadcasting: sums `dy` down to `shape`. */
function reduceTo(g: Graph, dy: Value, shape: readonly number[]): Value {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((d, axis) =>
    axis < lead || (shape[axis - lead] === 1 && d !== 1) ? [axis] : [],
  );
  return g.reshape(g.sum(dy, axes), shape);
}

function matMulGradients(
  g: Graph,
  op: Extract<Op, { kind: 'matMul' }>,
  a: Value,
  b: Value,
  dy: Value,
  wants: (input: number) => boolean,
): (Value | null)[] {
  const { transA, transB, alpha } = op;
  // A 2-D right factor under a batched left one is a linear layer: fold the batch into the rows, so that the
  // weight gradient is one GEMM instead of a batch of them summed.
  if (b.shape.length === 2 && a.shape.length > 2 && !transA) {
    const fold = (x: Value): Value =>
      g.reshape(x, [numElements(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
    const dy2 = fold(dy);
    return [
      wants(0) ? g.reshape(g.matMul(dy2, b, { transB: !transB, alpha }), a.shape) : null,
      wants(1)
        ? transB
          ? g.matMul(dy2, fold(a), { transA: true, alpha })
          : g.matMul(fold(a), dy2, { transA: true, alpha })
        : null,
    ];
  }
  const da = !wants(0)
    ? null
    : transA
      ? g.matMul(b, dy, { transA: transB, transB: true, alpha })
      : g.matMul(dy, b, { transB: !transB, alpha });
  const db = !wants(1)
    ? null
    : transB
      ? g.matMul(dy, a, { transA: true, transB: transA, alpha })
      : g.matMul(a, dy, { transA: !transA, alpha });
  return [da && reduceTo(g, da, a.shape), db && reduceTo(g, db, b.shape)];
}

/**
 * Probabilities are computed again block by block, so that the backward pass holds no S x S matrix either.
 *
 * With p = softmax(s) and D = rowsum(dOut * out), ds = p (dOut v^T - D): the subtraction is one more column of the
 * product, [dOut, -D] [v, 1]^T, so that a block of scores is passed over once. Gradients of keys and values are computed
 * transposed, [D, Sk]: a GEMM whose result is wide runs at twice the rate of one that is D columns narrow.
 * @see Dao et al. (2022), FlashAttention, appendix B.2
 */
function attentionGradients(
  g: Graph,
  op: Extract<Op, { kind: 'attention' }>,
  inputs: readonly Value[],
  out: Value,
  dOut: Value,
): Value[] {
  const { numHeads, scale } = op;
  const batch = inputs[0].shape[0];
  const [q, k, v, y, dy] = [...inputs, out, dOut].map((x) => splitHeads(g, x, numHeads));
  const [numGroups, numQueries] = q.shape;
  const numKeys = k.shape[1];
  const rowSums = g.sum(g.mul(dy, y), [2]);
  const dyAndSum = g.concat([dy, g.unary('neg', rowSums)], 2);
  const one = g.broadcastTo(g.constant([1, 1, 1], Float32Array.of(1)), [numGroups, numKeys, 1]);
  const vAndOne = g.concat([v, one], 2);
  const [qT, dyT] = [q, dy].map((x) => g.transpose(x, [0, 2, 1]));

  const blocks: Value[][] = [];
  for (const { groups, rows } of attentionBlocks(numGroups, numQueries, numKeys)) {
    const [ownQ, ownQT, ownK, ownV, ownDy, ownDyT] = [q, qT, k, vAndOne, dyAndSum, dyT].map((x) =>
      sliceOf(g, x, 0, groups),
    );
    const parts = rows.map((range) => {
      const queries = sliceOf(g, ownQ, 1, range);
      let scores = g.matMul(queries, ownK, { transB: true, alpha: scale });
      if (op.causal) {
        const numRows = range.end - range.start;
        scores = g.add(scores, g.constant([numRows, numKeys], causalMask(range.start, numRows, numKeys)));
      }
      const p = g.softmax(scores);
      const ds = g.mul(p, g.matMul(sliceOf(g, ownDy, 1, range), ownV, { transB: true }));
      return {
        dq: g.matMul(ds, ownK, { alpha: scale }),
        dkT: g.matMul(sliceOf(g, ownQT, 2, range), ds, { alpha: scale }),
        dvT: g.matMul(sliceOf(g, ownDyT, 2, range), p),
      };
    });
    const total = (part: 'dkT' | 'dvT'): Value => parts.map((x) => x[part]).reduce((sum, x) => g.add(sum, x));
    const dq = join(
      g,
      parts.map((x) => x.dq),
      1,
    );
    blocks.push([dq, total('dkT'), total('dvT')]);
  }
  const [dq, dkT, dvT] = blocks.length === 1 ? blocks[0] : joinedGroups(g, blocks, numGroups);
  const upright = (x: Value): Value => {
    const [, size, tokens] = x.shape;
    return g.transpose(g.reshape(x, [batch, numHeads * size, tokens]), [0, 2, 1]);
  };
  return [mergeHeads(g, dq, batch), upright(dkT), upright(dvT)];
}

/**
 * Gradients of all groups, from those of some groups each, by way of one value that holds all of them: an executor
 * that works its way back from what it needs would otherwise compute one gradient of every group before it came to
 * the next, and keep the probabilities of all of them in between.
 */
function joinedGroups(g: Graph, blocks: readonly (readonly Value[])[], numGroups: number): Value[] {
  const flat = (x: Value): Value => g.reshape(x, [x.shape[0], numElements(x.shape.slice(1))]);
  const rows = blocks.map((gradients) => g.concat(gradients.map(flat), 1));
  const all = g.concat(rows, 0);
  let start = 0;
  return blocks[0].map(({ shape: [, ...shape] }) => {
    const end = start + numElements(shape);
    const part = g.reshape(g.slice(all, 1, start, end), [numGroups, ...shape]);
    start = end;
    return part;
  });
}

function sliceOf(g: Graph, x: Value, axis: number, { start, end }: AttentionRange): Value {
  return end - start === x.shape[axis] ? x : g.slice(x, axis, start, end);
}

function join(g: Graph, parts: readonly Value[], axis: number): Value {
  return parts.length === 1 ? parts[0] : g.concat(parts, axis);
}

/** [B,S,H*D] -> [B*H,S,D] */
function splitHeads(g: Graph, x: Value, numHeads: number): Value {
  const [batch, tokens, channels] = x.shape;
  const size = channels / numHeads;
  const heads = g.transpose(g.reshape(x, [batch, tokens, numHeads, size]), [0, 2, 1, 3]);
  return g.reshape(heads, [batch * numHeads, tokens, size]);
}

/** [B*H,S,D] -> [B,S,H*D] */
function mergeHeads(g: Graph, x: Value, batch: number): Value {
  const [numGroups, tokens, size] = x.shape;
  const numHeads = numGroups / batch;
  const heads = g.reshape(x, [batch, numHeads, tokens, size]);
  return g.reshape(g.transpose(heads, [0, 2, 1, 3]), [batch, tokens, numHeads * size]);
}
