/**
 * The compiled programs of the segments a stage owns, made when first needed.
 *
 * Compiling costs seconds and memory, so a stage compiles what its tasks ask for and nothing else: the evaluation
 * program exists only in runs that validate, a forward program only where a segment is followed by another stage's.
 * Where batches are of several sizes each has programs of its own, of which those used last are kept.
 */
import type { InputSize, TaskKind } from '../../shared/stage-protocol.ts';
import type { Engine, Executable } from '../engine/engine.ts';
import { backwardProgram, type Segment } from '../engine/partition.ts';
import type { Graph } from '../engine/graph.ts';
import type { WeightStore } from '../engine/weight-store.ts';

/**
 * Two segments make five programs of a size, of which training uses three: enough for eight sizes. One that is not
 * running holds its graph and little else.
 */
const MAX_PROGRAMS = 24;

export class SegmentPrograms {
  readonly #engine: Engine;
  readonly #store: WeightStore;
  readonly #numSelected: ReadonlyMap<string, number | null>;
  readonly #lossScale: number;
  readonly #maxPrograms: number;
  /** The one used last at the end. */
  readonly #compiled = new Map<string, Promise<Executable>>();

  /**
   * @param numSelected per trained parameter the length of its compact gradient, null where it is dense
   * @param lossScale factor that every gradient comes out with
   */
  constructor(
    engine: Engine,
    store: WeightStore,
    numSelected: ReadonlyMap<string, number | null>,
    lossScale = 1,
    maxPrograms = MAX_PROGRAMS,
  ) {
    this.#engine = engine;
    this.#store = store;
    this.#numSelected = numSelected;
    this.#lossScale = lossScale;
    this.#maxPrograms = maxPrograms;
  }

  /**
   * The program is whole until the next call: a stage runs one task at a time.
   * @param segment cut from the graph of that size
   */
  async get(segment: Segment, size: InputSize, kind: TaskKind): Promise<Executable> {
    // Forward and evaluate are the same program: the segment's own outputs, the loss among them in the last one.
    const differentiated = kind === 'loss' || kind === 'backward';
    const key = `${size.height}x${size.width}:${segment.index}:${differentiated ? 'backward' : 'forward'}`;
    const known = this.#compiled.get(key);
    this.#compiled.delete(key);
    if (known === undefined) await this.#makeRoom();
    const program =
      known ?? this.#engine.compile(differentiated ? this.#backward(segment) : segment.forward, this.#store);
    this.#compiled.set(key, program);
    return program;
  }

  async dispose(): Promise<void> {
    const programs = await Promise.allSettled(this.#compiled.values());
    this.#compiled.clear();
    for (const program of programs) if (program.status === 'fulfilled') await program.value.dispose();
  }

  async #makeRoom(): Promise<void> {
    const [oldest] = this.#compiled;
    if (this.#compiled.size < this.#maxPrograms) return;
    const [key, program] = oldest;
    this.#compiled.delete(key);
    await (await program).dispose();
  }

  #backward(segment: Segment): Graph {
    const own = new Map([...this.#numSelected].filter(([name]) => segment.weightNames.includes(name)));
    return backwardProgram(segment, own, this.#lossScale);
  }
}
