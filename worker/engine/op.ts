/**
 * The operators of the graph IR: about forty, each a plain value.
 *
 * Activations are NCHW or [batch, tokens, channels]; weights are laid out exactly as diffusers stores them
 * (convolutions OIHW, linears [out, in]). Everything numeric is float32 inside the graph; ids and indices are
 * int32. Shapes are static: a graph is built for one batch and one latent size.
 *
 * An operator with a `Grad` suffix is what reverse-mode differentiation emits where a lowering can do better
 * than the composition of primitives (see autodiff.ts).
 */

/** Elementwise functions of one value. `gelu` is the erf form, `quickGelu` is x * sigmoid(1.702 x). */
export type UnaryKind =
  | 'neg'
  | 'exp'
  | 'sqrt'
  | 'reciprocal'
  | 'sigmoid'
  | 'silu'
  | 'gelu'
  | 'quickGelu'
  | 'tanh'
  | 'sin'
  | 'cos'
  | 'erf';

/** Elementwise functions of two values under numpy broadcasting. */
export type BinaryKind = 'add' | 'sub' | 'mul' | 'div';

/** Padding of a convolution in pixels. */
export interface Pads {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface ConvGeometry {
  /** The same in both directions. */
  readonly stride: number;
  readonly pads: Pads;
}

export type Op =
  /** Fed by the caller at each run. */
  | { readonly kind: 'input'; readonly name: string }
  /** A parameter, named by its diffusers key; where its bytes are is the weight store's business. */
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Float32Array | Int32Array }
  | { readonly kind: UnaryKind }
  | { readonly kind: BinaryKind }
  /** x * mul + add, both scalars known when the graph is built. */
  | { readonly kind: 'affine'; readonly mul: number; readonly add: number }
  /** alpha * op(a) op(b) over the last two axes, leading axes broadcast; op transposes where the flag is set. */
  | { readonly kind: 'matMul'; readonly transA: boolean; readonly transB: boolean; readonly alpha: number }
  /** inputs x [B,I,H,W], w [O,I,kh,kw], optional bias [O]. */
  | ({ readonly kind: 'conv2d' } & ConvGeometry)
  /** inputs dy [B,O,h,w], w [O,I,kh,kw]; output dx [B,I,H,W]. */
  | ({ readonly kind: 'conv2dInputGrad' } & ConvGeometry)
  /** inputs x [B,I,H,W], dy [B,O,h,w]; output dw [O,I,kh,kw]. */
  | ({ readonly kind: 'conv2dWeightGrad' } & ConvGeometry)
  /** Over the last axis. */
  | { readonly kind: 'softmax' }
  /** inputs p = softmax(x), dp; output dx. */
  | { readonly kind: 'softmaxGrad' }
  /** inputs x [B,C,...], gamma [C], beta [C]. */
  | { readonly kind: 'groupNorm'; readonly numGroups: number; readonly epsilon: number }
  /** inputs x, gamma, dy; outputs dx, dgamma, dbeta. */
  | { readonly kind: 'groupNormGrad'; readonly numGroups: number; readonly epsilon: number }
  /** Over the last axis; inputs x [...,C], gamma [C], beta [C]. */
  | { readonly kind: 'layerNorm'; readonly epsilon: number }
  /** inputs x, gamma, dy; outputs dx, dgamma, dbeta. */
  | { readonly kind: 'layerNormGrad'; readonly epsilon: number }
  /** inputs q [B,Sq,H*D], k [B,Sk,H*D], v [B,Sk,H*D]; softmax(scale q k^T) v per head. */
  | {
      readonly kind: 'attention';
      readonly numHeads: number;
      readonly scale: number;
      readonly causal: boolean;
    }
  | { readonly kind: 'concat'; readonly axis: number }
  /** The half-open range [start, end) of one axis. */
  | { readonly kind: 'slice'; readonly axis: number; readonly start: number; readonly end: number }
  /** Zeros before and after along one axis: the adjoint of slice. */
  | { readonly kind: 'padAxis'; readonly axis: number; readonly before: number; readonly after: number }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'transpose'; readonly permutation: readonly number[] }
  | { readonly kind: 'broadcastTo' }
  /** Sum over axes, which stay with size 1. */
  | { readonly kind: 'sum'; readonly axes: readonly number[] }
  /** Nearest neighbour to the output's height and width: source index floor(i * in / out). */
  | { readonly kind: 'upsampleNearest' }
  | { readonly kind: 'upsampleNearestGrad' }
  /** inputs table [V,C], ids int32 [...]; output [...,C]. */
  | { readonly kind: 'embedding' }
  /** inputs ids [...], dy [...,C]; output dtable [V,C]. */
  | { readonly kind: 'embeddingGrad' }
  /** The masked entries of a dense weight gradient, in mask order; the mask is the one of weight `name`. */
  | { readonly kind: 'gatherMasked'; readonly name: string };

export type OpKind = Op['kind'];
