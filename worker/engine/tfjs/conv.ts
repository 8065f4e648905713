/** Convolutions and both their gradients: activations channels last, weights as filters [kh,kw,I,O]. */
import * as tf from '@tensorflow/tfjs-core';
import { sameShape } from '../graph.ts';
import type { ConvGeometry, Pads } from '../op.ts';
import type { Formulation } from './formulation.ts';

/** x [B,H,W,I], w [kh,kw,I,O], bias [O] or absent -> [B,h,w,O]. */
export function conv2d(
  x: tf.Tensor,
  w: tf.Tensor,
  bias: tf.Tensor | undefined,
  { stride, pads }: ConvGeometry,
): tf.Tensor {
  const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, explicitPads(pads));
  return bias === undefined ? y : tf.add(y, bias);
}

/**
 * dx [B,H,W,I] from dy [B,h,w,O] and w [kh,kw,I,O].
 * @param shape of dx
 */
export function conv2dInputGrad(
  dy: tf.Tensor,
  w: tf.Tensor,
  shape: readonly number[],
  { stride, pads }: ConvGeometry,
  formulation: Formulation,
): tf.Tensor {
  const [kh, kw] = w.shape;
  const outer: Pads = {
    top: kh - 1 - pads.top,
    left: kw - 1 - pads.left,
    bottom: kh - 1 - pads.bottom,
    right: kw - 1 - pads.right,
  };
  const isConvolution = stride === 1 && Math.min(outer.top, outer.left, outer.bottom, outer.right) >= 0;
  if (formulation.inputGradient === 'flipped' && isConvolution) {
    const flipped = tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(dy as tf.Tensor4D, flipped as tf.Tensor4D, 1, explicitPads(outer));
  }
  // TensorFlow's kernel takes no explicit padding, so the gradient of the padded image is computed and cut.
  const [batch, height, width, channels] = shape;
  const padded: [number, number, number, number] = [
    batch,
    height + pads.top + pads.bottom,
    width + pads.left + pads.right,
    channels,
  ];
  const dPadded = tf.conv2dTranspose(dy as tf.Tensor4D, w as tf.Tensor4D, padded, stride, 'valid');
  return sameShape(padded, shape) ? dPadded : tf.slice(dPadded, [0, pads.top, pads.left, 0], [...shape]);
}

/**
 * dw [kh,kw,I,O] from x [B,H,W,I] and dy [B,h,w,O].
 * @param shape of dw
 */
export function conv2dWeightGrad(
  x: tf.Tensor,
  dy: tf.Tensor,
  shape: readonly number[],
  { stride, pads }: ConvGeometry,
  formulation: Formulation,
): tf.Tensor {
  const isPadded = pads.top + pads.left + pads.bottom + pads.right > 0;
  const padded = isPadded ? tf.pad(x, explicitPads(pads)) : x;
  if (formulation.weightGradient === 'kernel') {
    const attributes = {
      strides: [stride, stride],
      pad: 'valid',
      dataFormat: 'NHWC',
      filterShape: [...shape],
    };
    return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x: padded, dy }, attributes);
  }
  return tapProducts(padded, dy, shape, stride);
}

/**
 * Per tap of the kernel one product: [I, pixels] of the window it saw, times dY [pixels, O].
 *
 * The image is transposed once, so that every window of it is a left factor as it lies, and the right factor is the
 * same tensor for all taps: what a backend does to prepare it (wasm packs it) is done once.
 */
function tapProducts(padded: tf.Tensor, dy: tf.Tensor, shape: readonly number[], stride: number): tf.Tensor {
  const [kh, kw, inChannels, outChannels] = shape;
  const [batch, height, width] = dy.shape;
  const image = tf.transpose(padded, [3, 0, 1, 2]);
  const gradient = tf.reshape(dy, [batch * height * width, outChannels]);
  const taps: tf.Tensor[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const window =
        stride === 1
          ? tf.slice(image, [0, 0, i, j], [inChannels, batch, height, width])
          : tf.stridedSlice(
              image,
              [0, 0, i, j],
              [inChannels, batch, i + (height - 1) * stride + 1, j + (width - 1) * stride + 1],
              [1, 1, stride, stride],
            );
      const rows = tf.reshape(window, [inChannels, batch * height * width]);
      taps.push(tf.matMul(rows, gradient));
      tf.dispose([window, rows]);
    }
  }
  return tf.reshape(taps.length === 1 ? taps[0] : tf.stack(taps), [...shape]);
}

function explicitPads({
  top,
  left,
  bottom,
  right,
}: Pads): [[0, 0], [number, number], [number, number], [0, 0]] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
