/**
 * A value of the graph as a tensor of tfjs, and how it lies in it.
 *
 * The graph is NCHW with weights OIHW; convolutions of tfjs want NHWC and HWIO. Transposing around every convolution
 * would move each activation four times and each weight once more than the arithmetic needs, so a value stays in the
 * layout its producer left it in, and whoever reads it asks for the layout it wants. Elementwise operators and norms
 * work in either; in a UNet only the graph's own inputs and outputs are ever transposed, and the transpositions to
 * tokens around attention, which ask for channels last, cost nothing.
 */
import * as tf from '@tensorflow/tfjs-core';

/**
 * - `plain`         as the graph's shape says.
 * - `channelsLast`  [B,C,H,W] held as [B,H,W,C].
 * - `filter`        [O,I,kh,kw] held as [kh,kw,I,O]: convolution weights and their gradients.
 */
export type Layout = 'plain' | 'channelsLast' | 'filter';

export interface Operand {
  readonly tensor: tf.Tensor;
  readonly layout: Layout;
}

/** Axis k of the tensor holds axis AXES[layout][k] of the value. Other layouts than plain have four axes. */
const AXES: Readonly<Record<Layout, readonly number[]>> = {
  plain: [0, 1, 2, 3],
  channelsLast: [0, 2, 3, 1],
  filter: [2, 3, 1, 0],
};

export function plain(tensor: tf.Tensor): Operand {
  return { tensor, layout: 'plain' };
}

export function channelsLast(tensor: tf.Tensor): Operand {
  return { tensor, layout: 'channelsLast' };
}

/** The operand's tensor in `layout`: itself where it lies so already. */
export function inLayout({ tensor, layout: from }: Operand, to: Layout): tf.Tensor {
  if (from === to) return tensor;
  return tf.transpose(
    tensor,
    AXES[to].map((axis) => AXES[from].indexOf(axis)),
  );
}

/** `shape` of a value, as the shape of its tensor. */
export function shapeInLayout(shape: readonly number[], layout: Layout): number[] {
  return layout === 'plain' ? [...shape] : AXES[layout].map((axis) => shape[axis]);
}

/** The tensor's axis that holds `axis` of the value. */
export function axisInLayout(axis: number, layout: Layout): number {
  return layout === 'plain' ? axis : AXES[layout].indexOf(axis);
}

/** A layout the operands can be brought to at least cost: that of the first which is not plain. */
export function commonLayout(operands: readonly Operand[]): Layout {
  return operands.find(({ layout }) => layout !== 'plain')?.layout ?? 'plain';
}

/**
 * A value whose axes are `permutation` of the operand's, without moving anything where one of the layouts allows it:
 * [B,H,W,C] made into [B,C,H,W] is the same tensor, channels last.
 */
export function permuted({ tensor, layout }: Operand, permutation: readonly number[]): Operand {
  const targets: readonly Layout[] = permutation.length === 4 ? ['plain', 'channelsLast'] : ['plain'];
  const moves = targets.map((target) => ({
    target,
    order: permutation.map((_, k) =>
      axisInLayout(permutation[target === 'plain' ? k : AXES[target][k]], layout),
    ),
  }));
  const free = moves.find(({ order }) => order.every((axis, k) => axis === k));
  if (free !== undefined) return { tensor, layout: free.target };
  return plain(tf.transpose(tensor, moves[0].order));
}
