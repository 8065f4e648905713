/**
 * The compiled programs of the segments a stage owns, made when first needed.
 *
 * Compiling costs seconds and memory, so a stage compiles what its tasks ask for and nothing else: the evaluation
 * program exists only in runs that validate, a forward program only where a segment is followed by another stage's.
 */
import type { TaskKind } from '../../shared/stage-protocol.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { backwardProgram, type Segment } from '../engine/partition.ts';
import type { Graph } from '../engine/graph.ts';
import type { WeightStore } from '../engine/weight-store.ts';

export class SegmentPrograms {
  readonly #engine: Engine;
  readonly #store: WeightStore;
  readonly #numSelected: ReadonlyMap<string, number | null>;
  readonly #compiled = new Map<string, Promise<Executable>>();

  /** @param numSelected per trained parameter the length of its compact gradient, null where it is dense */
  constructor(engine: Engine, store: WeightStore, numSelected: ReadonlyMap<string, number | null>) {
    this.#engine = engine;
    this.#store = store;
    this.#numSelected = numSelected;
  }

  get(segment: Segment, kind: TaskKind): Promise<Executable> {
    // Forward and evaluate are the same program: the segment's own outputs, the loss among them in the last one.
    const differentiated = kind === 'loss' || kind === 'backward';
    const key = `${segment.index}:${differentiated ? 'backward' : 'forward'}`;
    let program = this.#compiled.get(key);
    if (program === undefined) {
      program = this.#engine.compile(differentiated ? this.#backward(segment) : segment.forward, this.#store);
      this.#compiled.set(key, program);
    }
    return program;
  }

  async dispose(): Promise<void> {
    const programs = await Promise.allSettled(this.#compiled.values());
    this.#compiled.clear();
    for (const program of programs) if (program.status === 'fulfilled') await program.value.dispose();
  }

  #backward(segment: Segment): Graph {
    const own = new Map([...this.#numSelected].filter(([name]) => segment.weightNames.includes(name)));
    return backwardProgram(segment, own);
  }
}
