/**
 * Cuts a forward graph into segments along its blocks, and makes of each segment the programs a pipeline runs.
 *
 * A value that one segment computes and a later one reads becomes a *frame*: an output of the first graph, an
 * input of the second. Inputs, constants and weights are declared again wherever they are read. Which worker
 * owns which segments is the planner's business: a folded plan gives one worker the first and the last segment,
 * and their frames (the UNet's skips) then never leave it.
 *
 * Backward recomputes its segment's forward from the segment's inputs, so that a stage keeps one set of inputs
 * per micro-batch and nothing else. The last segment, where the loss is, runs forward and backward as one graph.
 */
import { SaraError } from '../../shared/errors.ts';
import { differentiate } from './autodiff.ts';
import { Graph, type Node, type Value } from './graph.ts';

export interface FrameSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Segment that computes it. */
  readonly producer: number;
  /** Segments that read it, ascending. */
  readonly consumers: readonly number[];
}

export interface Segment {
  readonly index: number;
  readonly forward: Graph;
  /** Graph inputs (not frames) that the segment reads. */
  readonly inputNames: readonly string[];
  readonly framesIn: readonly FrameSpec[];
  readonly framesOut: readonly FrameSpec[];
  /** Names of the parameters the segment reads. */
  readonly weightNames: readonly string[];
}

/** The gradient of frame `frame` as computed by segment `consumer`. */
export function frameGradientName(frame: string, consumer: number): string {
  return `gradient:${frame}:from:${consumer}`;
}

/** The gradient of weight `name`: compact where the weight has a mask, dense otherwise. */
export function weightGradientName(name: string): string {
  return `gradient:${name}`;
}

/** Name of the scalar output of the last segment that is differentiated. */
export const LOSS = 'loss';

/**
 * @param numSegments segments are [0, numSegments)
 * @param segmentOf segment of a block name; never decreasing along the data flow
 * @throws SaraError INTERNAL when a value would flow backwards or a node outside any block computes something
 */
export function partition(
  graph: Graph,
  numSegments: number,
  segmentOf: (block: string) => number,
): Segment[] {
  const home = (node: Node): number => {
    if (node.block === '')
      throw new SaraError('INTERNAL', `a ${node.op.kind} node belongs to no block and cannot be placed`);
    return segmentOf(node.block);
  };
  const frames = collectFrames(graph, home);
  return Array.from({ length: numSegments }, (_, index) => {
    const { forward, copies } = copySegment(graph, index, home, frames);
    const framesOut = [...frames].filter(([, frame]) => frame.producer === index);
    for (const [value, frame] of framesOut) forward.output(frame.name, copies.get(value)!);
    for (const [name, value] of graph.outputs)
      if (home(value.node) === index) forward.output(name, copies.get(value)!);
    const framesIn = [...frames.values()].filter((frame) => frame.consumers.includes(index));
    const frameNames = new Set(framesIn.map((frame) => frame.name));
    return {
      index,
      forward,
      inputNames: [...forward.inputs.keys()].filter((name) => !frameNames.has(name)),
      framesIn,
      framesOut: framesOut.map(([, frame]) => frame),
      weightNames: [...forward.weights.keys()],
    };
  });
}

/**
 * The segment's backward program, with its forward inside.
 *
 * Inputs: the segment's inputs and frames, and `gradient:<frame>:from:<segment>` for every consumer of each of
 * its output frames (none where the loss is its own output). Outputs: the same names for its input frames, and
 * `gradient:<weight>` for every trained weight; plus `loss` in the last segment.
 *
 * @param numSelected per trained weight the number of masked entries, or null where every entry is trained
 * @param lossScale what the loss and so every gradient is multiplied with; the output `loss` is not
 */
export function backwardProgram(
  segment: Segment,
  numSelected: ReadonlyMap<string, number | null>,
  lossScale = 1,
): Graph {
  const graph = copyGraph(segment.forward);
  const seeds = new Map<Value, Value>();
  const loss = graph.outputs.get(LOSS);
  if (loss !== undefined) seeds.set(loss, graph.constant([], Float32Array.of(lossScale)));
  for (const frame of segment.framesOut) {
    const value = graph.outputs.get(frame.name)!;
    const parts = frame.consumers.map((consumer) =>
      graph.input(frameGradientName(frame.name, consumer), frame.shape),
    );
    seeds.set(
      value,
      graph.inBlock('frame_gradients', () => parts.reduce((sum, part) => graph.add(sum, part))),
    );
  }
  const frameInputs = segment.framesIn.map((frame) => ({ frame, value: graph.inputs.get(frame.name)! }));
  const trained = [...graph.weights].filter(([name]) => numSelected.has(name));
  const nameOf = new Map(trained.map(([name, value]) => [value, name]));
  const wanted = [...frameInputs.map(({ value }) => value), ...nameOf.keys()];
  const gradients = differentiate(graph, seeds, wanted, (value, gradient) => {
    const name = nameOf.get(value);
    const count = name === undefined ? null : (numSelected.get(name) ?? null);
    return name === undefined || count === null ? gradient : graph.gatherMasked(gradient, name, count);
  });

  graph.outputs.clear();
  if (loss !== undefined) graph.output(LOSS, loss);
  for (const { frame, value } of frameInputs) {
    const gradient = gradients.get(value) ?? zeros(graph, frame.shape);
    graph.output(frameGradientName(frame.name, segment.index), gradient);
  }
  for (const [name, value] of trained) {
    const gradient = gradients.get(value);
    if (gradient === undefined)
      throw new SaraError('INTERNAL', `the loss does not depend on trained weight ${name}`, { tensor: name });
    graph.output(weightGradientName(name), gradient);
  }
  return graph;
}

/** Values read in another segment than the one that computes them, in graph order. */
function collectFrames(graph: Graph, home: (node: Node) => number): Map<Value, FrameSpec> {
  const consumers = new Map<Value, Set<number>>();
  for (const node of graph.nodes) {
    if (isLeaf(node)) continue;
    const segment = home(node);
    for (const input of node.inputs) {
      if (isLeaf(input.node) || home(input.node) === segment) continue;
      if (home(input.node) > segment) {
        throw new SaraError(
          'INTERNAL',
          `block ${node.block} in segment ${segment} reads from ${input.node.block} in later segment ${home(input.node)}`,
        );
      }
      consumers.set(input, (consumers.get(input) ?? new Set()).add(segment));
    }
  }
  const frames = new Map<Value, FrameSpec>();
  for (const [value, segments] of consumers) {
    frames.set(value, {
      name: `frame:${value.node.block}:${value.id}`,
      shape: value.shape,
      producer: home(value.node),
      consumers: [...segments].sort((a, b) => a - b),
    });
  }
  return frames;
}

function copySegment(
  graph: Graph,
  index: number,
  home: (node: Node) => number,
  frames: ReadonlyMap<Value, FrameSpec>,
): { forward: Graph; copies: Map<Value, Value> } {
  const forward = new Graph();
  const copies = new Map<Value, Value>();
  const copyOf = (value: Value): Value => {
    let copy = copies.get(value);
    if (copy === undefined) {
      copy = isLeaf(value.node)
        ? copyLeaf(forward, value)
        : forward.input(frames.get(value)!.name, value.shape, value.type);
      copies.set(value, copy);
    }
    return copy;
  };
  for (const node of graph.nodes)
    if (!isLeaf(node) && home(node) === index) copyNode(forward, node, copyOf, copies);
  return { forward, copies };
}

function copyGraph(graph: Graph): Graph {
  const copy = new Graph();
  const copies = new Map<Value, Value>();
  for (const node of graph.nodes) {
    if (isLeaf(node)) copies.set(node.outputs[0], copyLeaf(copy, node.outputs[0]));
    else copyNode(copy, node, (value) => copies.get(value)!, copies);
  }
  for (const [name, value] of graph.outputs) copy.output(name, copies.get(value)!);
  return copy;
}

function copyNode(
  target: Graph,
  node: Node,
  copyOf: (value: Value) => Value,
  copies: Map<Value, Value>,
): void {
  const inputs = node.inputs.map(copyOf);
  const shapes = node.outputs.map((output) => output.shape);
  const outputs = target.inBlock(node.block, () =>
    target.node(node.op, inputs, shapes, node.outputs[0].type),
  );
  node.outputs.forEach((output, i) => copies.set(output, outputs[i]));
}

function copyLeaf(target: Graph, value: Value): Value {
  const { op } = value.node;
  switch (op.kind) {
    case 'input':
      return target.input(op.name, value.shape, value.type);
    case 'weight':
      return target.weight(op.name, value.shape);
    case 'constant':
      return target.constant(value.shape, op.data);
    default:
      throw new SaraError('INTERNAL', `${op.kind} is no leaf`);
  }
}

function isLeaf(node: Node): boolean {
  return node.op.kind === 'input' || node.op.kind === 'weight' || node.op.kind === 'constant';
}

function zeros(graph: Graph, shape: readonly number[]): Value {
  return graph.broadcastTo(
    graph.constant(
      shape.map(() => 1),
      Float32Array.of(0),
    ),
    shape,
  );
}
