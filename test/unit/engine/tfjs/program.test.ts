/** What a program runs, in which order, and where each value ends. */
import assert from 'node:assert/strict';
import { differentiate } from '../../../../worker/engine/autodiff.ts';
import { Graph } from '../../../../worker/engine/graph.ts';
import { programOf } from '../../../../worker/engine/tfjs/program.ts';

/** Two linear layers with the compact gradient of each weight, declared as a backward program declares them. */
function twoLayers(): Graph {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  const weights = [graph.weight('first', [4, 3]), graph.weight('second', [5, 4])];
  const hidden = graph.silu(graph.linear(x, weights[0], null));
  const y = graph.linear(hidden, weights[1], null);
  const gradients = differentiate(graph, new Map([[y, graph.input('dy', [2, 5])]]), weights);
  for (const weight of weights) {
    const name = weight === weights[0] ? 'first' : 'second';
    graph.output(name, graph.gatherMasked(gradients.get(weight)!, name, 2));
  }
  return graph;
}

describe('a program', () => {
  it('gathers the masked entries of a dense gradient right after it is computed, and drops it', () => {
    const graph = twoLayers();
    const declared = graph.nodes.filter(({ op }) => op.kind === 'gatherMasked');
    assert.deepEqual(declared, graph.nodes.slice(-2), 'the graph declares its gathers last');
    const { steps } = programOf(graph);
    for (const gather of declared) {
      const at = steps.findIndex(({ node }) => node === gather);
      const [gradient] = gather.inputs;
      const dense = steps.findIndex(({ node }) => node.outputs.includes(gradient));
      const source = gradient.node.op.kind === 'reshape' ? dense - 1 : dense;
      assert.ok(at - source <= 2, `gathered ${at - source} steps after the gradient`);
      assert.ok(steps[at].ends.includes(gradient));
    }
  });

  it('ends every value once, in the last step that reads it, and no output and no weight', () => {
    const graph = twoLayers();
    const { steps, inputs, weights } = programOf(graph);
    const outputs = new Set(graph.outputs.values());
    const endOf = new Map(steps.flatMap(({ ends }, at) => ends.map((value) => [value, at] as const)));
    assert.equal(endOf.size, steps.flatMap(({ ends }) => ends).length, 'no value ends twice');
    const values = [...inputs, ...steps.flatMap(({ node }) => node.outputs)];
    assert.deepEqual(new Set([...endOf.keys(), ...outputs]), new Set(values));
    for (const [value, end] of endOf) {
      const readers = [...steps.keys()].filter((at) => steps[at].node.inputs.includes(value));
      assert.equal(end, readers.at(-1));
    }
    assert.ok(weights.every((weight) => !endOf.has(weight)));
  });

  it('leaves out what no output depends on, and drops at once results that nobody reads', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 4]);
    const unused = graph.input('unused', [2, 4]);
    graph.silu(unused);
    const gamma = graph.constant([4], new Float32Array(4));
    const [dx, dgamma, dbeta] = graph.node(
      { kind: 'layerNormGrad', epsilon: 1e-5 },
      [x, gamma, x],
      [[2, 4], [4], [4]],
    );
    graph.output('dx', dx);
    const program = programOf(graph);
    assert.deepEqual(program.inputs, [x]);
    assert.deepEqual(program.constants, [gamma]);
    assert.deepEqual(program.steps, [{ node: dx.node, ends: [dgamma, dbeta, x] }]);
  });
});
