/**
 * The metrics of one process (metric-table.ts), counted here and rendered for Prometheus, together with those of the
 * Node process: CPU, resident memory, event loop delay.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SaraError } from '../errors.ts';
import type { Part } from '../parts.ts';
import type { MetricsText } from './http-endpoint.ts';
import { METRICS, type LabelsOf, type MetricFacts, type MetricId } from './metric-table.ts';

/** Steps take from milliseconds (tiny models) to minutes (SDXL on processors). */
const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250];

/** Less than the ten seconds that Prometheus gives a scrape. */
const LOOK_UP_TIMEOUT_MS = 3_000;

type IdsOf<K extends MetricFacts['kind']> = {
  [M in MetricId]: (typeof METRICS)[M]['kind'] extends K ? M : never;
}[MetricId];

/** Of a metric without labels: none need be given. */
type LabelArguments<M extends MetricId> = keyof LabelsOf<M> extends never ? [] : [labels: LabelsOf<M>];

export class Metrics implements MetricsText {
  readonly contentType: string;
  readonly #part: Part;
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricId, Counter>();
  readonly #gauges = new Map<MetricId, Gauge>();
  readonly #histograms = new Map<MetricId, Histogram>();
  readonly #reads = new Map<IdsOf<'gauge'>, () => number>();
  readonly #lookUps: (() => Promise<void>)[] = [];

  /** Registers the metrics of a part; those without labels start at 0. */
  constructor(part: Exclude<Part, 'client'>) {
    this.#part = part;
    this.contentType = this.#registry.contentType;
    this.#registry.setDefaultLabels({ part });
    for (const [id, facts] of Object.entries(METRICS) as [MetricId, MetricFacts][])
      if (facts.parts.includes(part)) this.#register(id, facts);
  }

  #register(id: MetricId, { kind, name, help, labels }: MetricFacts): void {
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    switch (kind) {
      case 'counter':
        this.#counters.set(id, new Counter(options));
        break;
      case 'gauge':
        this.#gauges.set(id, new Gauge(options));
        break;
      case 'histogram':
        this.#histograms.set(id, new Histogram({ ...options, buckets: SECONDS_BUCKETS }));
    }
  }

  add<M extends IdsOf<'counter'>>(id: M, by: number, ...[labels]: LabelArguments<M>): void {
    this.#of(this.#counters, id).inc(labels ?? {}, by);
  }

  set<M extends IdsOf<'gauge'>>(id: M, value: number, ...[labels]: LabelArguments<M>): void {
    this.#of(this.#gauges, id).set(labels ?? {}, value);
  }

  observe<M extends IdsOf<'histogram'>>(id: M, value: number, ...[labels]: LabelArguments<M>): void {
    this.#of(this.#histograms, id).observe(labels ?? {}, value);
  }

  /** Forgets a series, e.g. of a run that has ended. */
  remove<M extends IdsOf<'gauge'>>(id: M, ...[labels]: LabelArguments<M>): void {
    this.#of(this.#gauges, id).remove(labels ?? {});
  }

  /** From now on `read` is asked for the value at every look. */
  read(id: IdsOf<'gauge'>, read: () => number): void {
    this.#reads.set(id, read);
  }

  /**
   * From now on `lookUp` is waited for at every look; it sets what it has found. One that fails or takes longer than a
   * scraper waits leaves the values before.
   */
  beforeLook(lookUp: () => Promise<void>): void {
    this.#lookUps.push(lookUp);
  }

  /** Also those of the Node process. Not in the constructor, for it watches the event loop from then on. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  async render(): Promise<string> {
    await Promise.all(
      this.#lookUps.map((lookUp) =>
        Promise.race([lookUp().catch(() => undefined), pause(LOOK_UP_TIMEOUT_MS)]),
      ),
    );
    for (const [id, read] of this.#reads) this.#of(this.#gauges, id).set(read());
    return this.#registry.metrics();
  }

  #of<T>(metrics: ReadonlyMap<MetricId, T>, id: MetricId): T {
    const metric = metrics.get(id);
    if (metric === undefined) throw new SaraError('INTERNAL', `the ${this.#part} does not export ${id}`);
    return metric;
  }
}

/** Does not keep the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
