/**
 * One node on kernels of tfjs-core: a rule per operator.
 *
 * Must be called inside a tidy scope, which drops what a rule makes on its way. A result may be one of the inputs.
 */
import * as tf from '@tensorflow/tfjs-core';
import { SaraError } from '../../../shared/errors.ts';
import type { Node } from '../graph.ts';
import type { Op } from '../op.ts';
import { attention } from './attention.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv.ts';
import type { Formulation } from './formulation.ts';
import type { Masks } from './masks.ts';
import { matMul } from './mat-mul.ts';
import { groupNorm, groupNormGrad, layerNorm, layerNormGrad } from './norm.ts';
import {
  axisInLayout,
  channelsLast,
  commonLayout,
  inLayout,
  permuted,
  plain,
  shapeInLayout,
  type Operand,
} from './operand.ts';
import { upsampleNearest, upsampleNearestGrad } from './resize.ts';

export interface EvaluationContext {
  readonly formulation: Formulation;
  readonly masks: Masks;
}

/** @returns an operand per output of `node` */
export function evaluate(node: Node, operands: readonly Operand[], context: EvaluationContext): Operand[] {
  const { op } = node;
  const { formulation } = context;
  const [a, b, c] = operands;
  const { shape } = node.outputs[0];
  const asPlain = (): tf.Tensor[] => operands.map((operand) => inLayout(operand, 'plain'));
  switch (op.kind) {
    case 'input':
    case 'weight':
    case 'constant':
      throw new SaraError('INTERNAL', `${op.kind} computes nothing and is no step`);
    case 'neg':
    case 'exp':
    case 'sqrt':
    case 'reciprocal':
    case 'sigmoid':
    case 'tanh':
    case 'sin':
    case 'cos':
    case 'erf':
      return [like(a, tf[op.kind](a.tensor))];
    case 'silu':
      return [like(a, tf.mul(a.tensor, tf.sigmoid(a.tensor)))];
    case 'quickGelu':
      return [like(a, tf.mul(a.tensor, tf.sigmoid(tf.mul(a.tensor, 1.702))))];
    case 'gelu': {
      const cdf = tf.mul(tf.add(tf.erf(tf.mul(a.tensor, Math.SQRT1_2)), 1), 0.5);
      return [like(a, tf.mul(a.tensor, cdf))];
    }
    case 'affine':
      return [like(a, affine(a.tensor, op))];
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return [elementwise(node, operands, tf[op.kind])];
    case 'matMul': {
      const [left, right] = asPlain();
      return [plain(matMul(left, right, op, formulation))];
    }
    case 'conv2d': {
      const bias = operands.length > 2 ? inLayout(c, 'plain') : undefined;
      return [channelsLast(conv2d(inLayout(a, 'channelsLast'), inLayout(b, 'filter'), bias, op))];
    }
    case 'conv2dInputGrad': {
      const target = shapeInLayout(shape, 'channelsLast');
      const dy = inLayout(a, 'channelsLast');
      return [channelsLast(conv2dInputGrad(dy, inLayout(b, 'filter'), target, op, formulation))];
    }
    case 'conv2dWeightGrad': {
      const [x, dy] = [inLayout(a, 'channelsLast'), inLayout(b, 'channelsLast')];
      const target = shapeInLayout(shape, 'filter');
      return [{ tensor: conv2dWeightGrad(x, dy, target, op, formulation), layout: 'filter' }];
    }
    case 'softmax':
      return [plain(tf.softmax(inLayout(a, 'plain')))];
    case 'softmaxGrad': {
      const [p, dp] = asPlain();
      return [plain(tf.mul(p, tf.sub(dp, tf.sum(tf.mul(p, dp), [-1], true))))];
    }
    case 'groupNorm': {
      const image = asImage(a, shape);
      const y = groupNorm(image, inLayout(b, 'plain'), inLayout(c, 'plain'), op);
      return [fromImage(y, shape)];
    }
    case 'groupNormGrad': {
      const [x, dy] = [asImage(a, shape), asImage(c, shape)];
      const [dx, dgamma, dbeta] = groupNormGrad(x, inLayout(b, 'plain'), dy, op);
      return [fromImage(dx, shape), plain(dgamma), plain(dbeta)];
    }
    case 'layerNorm': {
      const [x, gamma, beta] = asPlain();
      return [plain(layerNorm(x, gamma, beta, op))];
    }
    case 'layerNormGrad': {
      const [x, gamma, dy] = asPlain();
      return layerNormGrad(x, gamma, dy, op).map(plain);
    }
    case 'attention': {
      const [q, k, v] = asPlain();
      return [plain(attention(q, k, v, op, formulation))];
    }
    case 'concat': {
      const layout = commonLayout(operands);
      const parts = operands.map((operand) => inLayout(operand, layout));
      return [{ tensor: tf.concat(parts, axisInLayout(op.axis, layout)), layout }];
    }
    case 'slice': {
      const begin = shape.map((_, axis) => (axis === op.axis ? op.start : 0));
      const sliced = tf.slice(a.tensor, shapeInLayout(begin, a.layout), shapeInLayout(shape, a.layout));
      return [like(a, sliced)];
    }
    case 'padAxis': {
      const paddings = a.tensor.shape.map((_, axis): [number, number] =>
        axis === axisInLayout(op.axis, a.layout) ? [op.before, op.after] : [0, 0],
      );
      return [like(a, tf.pad(a.tensor, paddings))];
    }
    case 'reshape':
      return [plain(tf.reshape(inLayout(a, 'plain'), [...shape]))];
    case 'transpose':
      return [permuted(a, op.permutation)];
    case 'broadcastTo': {
      const layout = shape.length === node.inputs[0].shape.length ? a.layout : 'plain';
      return [{ tensor: tf.broadcastTo(inLayout(a, layout), shapeInLayout(shape, layout)), layout }];
    }
    case 'sum': {
      const axes = op.axes.map((axis) => axisInLayout(axis, a.layout));
      return [like(a, axes.length === 0 ? a.tensor : tf.sum(a.tensor, axes, true))];
    }
    case 'upsampleNearest':
      return [channelsLast(upsampleNearest(inLayout(a, 'channelsLast'), shape[2], shape[3]))];
    case 'upsampleNearestGrad': {
      const dy = inLayout(a, 'channelsLast');
      return [channelsLast(upsampleNearestGrad(dy, shape[2], shape[3], formulation))];
    }
    case 'embedding': {
      const [table, ids] = asPlain();
      return [plain(tf.reshape(tf.gather(table, tf.reshape(ids, [-1])), [...shape]))];
    }
    case 'embeddingGrad': {
      const [ids, dy] = asPlain();
      // Rows that occur twice are added up by the kernel.
      const rows = tf.reshape(dy, [-1, shape[1]]);
      return [plain(tf.scatterND(tf.reshape(ids, [-1, 1]), rows, [...shape]))];
    }
    case 'gatherMasked':
      return [plain(gatherMasked(a, op.name, context))];
  }
}

/** `tensor` lies as `operand` does. */
function like({ layout }: Operand, tensor: tf.Tensor): Operand {
  return { tensor, layout };
}

function affine(x: tf.Tensor, { mul, add }: Extract<Op, { kind: 'affine' }>): tf.Tensor {
  const scaled = mul === 1 ? x : tf.mul(x, mul);
  return add === 0 ? scaled : tf.add(scaled, add);
}

/** Under numpy broadcasting, in whatever layout an operand of the result's rank already has. */
function elementwise(
  node: Node,
  operands: readonly Operand[],
  apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): Operand {
  const rank = node.outputs[0].shape.length;
  const layout = rank === 4 ? commonLayout(operands) : 'plain';
  const [left, right] = operands.map((operand) => {
    if (operand.layout === layout) return operand.tensor;
    const tensor = inLayout(operand, 'plain');
    const leading = new Array<number>(rank - tensor.rank).fill(1);
    return inLayout(plain(tf.reshape(tensor, [...leading, ...tensor.shape])), layout);
  });
  return { tensor: apply(left, right), layout };
}

/** [B,C,...] as [B,H,W,C]: its other axes are one, where they are not two. */
function asImage(operand: Operand, shape: readonly number[]): tf.Tensor {
  if (shape.length === 4) return inLayout(operand, 'channelsLast');
  const [batch, channels] = shape;
  return inLayout(plain(tf.reshape(operand.tensor, [batch, channels, -1, 1])), 'channelsLast');
}

function fromImage(image: tf.Tensor, shape: readonly number[]): Operand {
  if (shape.length === 4) return channelsLast(image);
  return plain(tf.reshape(inLayout(channelsLast(image), 'plain'), [...shape]));
}

/** The entries of a dense gradient that weight `name`'s mask keeps, in mask order. */
function gatherMasked(gradient: Operand, name: string, { masks }: EvaluationContext): tf.Tensor {
  const layout = gradient.layout === 'filter' ? 'filter' : 'plain';
  const indices = masks.gradientIndices(name, layout);
  if (indices.length === 0) return tf.tensor1d([], 'float32');
  return tf.gather(tf.reshape(inLayout(gradient, layout), [-1]), tf.tensor1d(indices, 'int32'));
}
