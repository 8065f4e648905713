/** Trainable states without a model behind them, for tests of what happens to them. */
import { SparseMask } from '../../worker/sara/mask.ts';
import { TrainableState } from '../../worker/sara/trainable-state.ts';

/**
 * A state over two tensors `a` and `b`, half of the entries each, at the flat indices 1, 4, 7, ...
 * Its values have been trained to `trained`; its moments are each entry's place in the vector, and that plus a half.
 */
export function trainedState(trained: readonly number[]): TrainableState {
  const half = trained.length >> 1;
  const indices = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => 3 * i + 1);
  const mask = SparseMask.of([
    { name: 'a', shape: [half * 3 + 3], indices: indices(half) },
    { name: 'b', shape: [trained.length * 3], indices: indices(trained.length - half) },
  ]);
  return new TrainableState({
    initialMask: mask,
    values: Float32Array.from(trained),
    activeMask: mask,
    moments: {
      first: Float32Array.from(trained.keys()),
      second: Float32Array.from(trained.keys(), (i) => i + 0.5),
    },
    numReselections: 0,
  });
}
