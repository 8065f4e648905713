/**
 * Traces of a step across processes, with OpenTelemetry: a step is the root, its phases and the actor calls of each are
 * below it, on whichever machine they ran, and so are the tensors these pulled from each other.
 *
 * Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set; the exporter and its like are loaded only then, and where nobody traces
 * nothing is made or sent. Sampling and the rest follow OpenTelemetry's own variables, e.g. OTEL_TRACES_SAMPLER.
 */
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
} from '@opentelemetry/api';
import { asSaraError } from '../errors.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Logger } from '../log.ts';
import { TOOL_VERSION } from '../version.ts';

export const ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** W3C trace context, as it travels in calls and metadata: `00-<32 hex>-<16 hex>-<2 hex>`. */
export const TRACEPARENT_LENGTH = 55;

let isTracing = false;

/** @param name of the process, e.g. `worker gpu-0` */
export async function startTracing(
  part: string,
  name: string,
  { life, log }: { readonly life: Lifecycle; readonly log: Logger },
): Promise<void> {
  const endpoint = process.env[ENDPOINT_VARIABLE];
  if (endpoint === undefined || endpoint === '') return;
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `sara-${part}`,
      'service.instance.id': name,
      'service.version': TOOL_VERSION,
    }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  isTracing = true;
  // What is held back for the next batch is sent; a receiver that is gone must not hold up the end.
  life.defer('traces', () => provider.shutdown().catch(() => undefined));
  log.info({ endpoint }, 'traces steps');
}

/**
 * Runs `work` as a span; what it calls, as far as it traces too, is below it.
 * @param parent traceparent of a caller elsewhere; default: the span that is current here
 */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  parent = '',
): Promise<T> {
  if (!isTracing) return work();
  const parentContext =
    parent === '' ? context.active() : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
  return trace
    .getTracer('sara', TOOL_VERSION)
    .startActiveSpan(name, { attributes }, parentContext, async (span) => {
      try {
        return await work();
      } catch (thrown) {
        const { code, message } = asSaraError(thrown);
        span.setStatus({ code: SpanStatusCode.ERROR, message: `${code}: ${message}` });
        throw thrown;
      } finally {
        span.end();
      }
    });
}

/** Of the current span, for another process; empty when there is none. */
export function traceparent(): string {
  if (!isTracing) return '';
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? '';
}

/** @returns runs work as if it were called here: for what is called back from elsewhere */
export function captureSpan(): <T>(work: () => T) => T {
  if (!isTracing) return (work) => work();
  const captured = context.active();
  return (work) => context.with(captured, work);
}
