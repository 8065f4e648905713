/** One trace tells a step across processes: a cluster of two workers, and a receiver that speaks OTLP over HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ENDPOINT_VARIABLE, inSpan, traceparent } from '../../../shared/observe/tracing.ts';
import { TestCluster } from '../../support/test-cluster.ts';
import { makeTinyRun } from '../../support/tiny-run.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes?: readonly { readonly key: string; readonly value: Record<string, string> }[];
  /** Process it ran in. */
  readonly process: string;
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'process'>[] }[];
  }[];
}

function attribute(attributes: Span['attributes'], key: string): string {
  return Object.values(attributes?.find((found) => found.key === key)?.value ?? {}).join();
}

/** Keeps every span that is sent to it. */
async function startReceiver(): Promise<{ server: Server; endpoint: string; spans: Span[] }> {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      for (const { resource, scopeSpans } of (JSON.parse(body) as ExportRequest).resourceSpans) {
        const process = attribute(resource.attributes, 'service.instance.id');
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push({ ...span, process });
      }
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

describe('tracing', () => {
  it('is nothing where nobody traces', async () => {
    assert.equal(await inSpan('step', {}, () => Promise.resolve(traceparent())), '');
  });

  it('tells a step, its phases, what both workers did in it, and what they pulled from each other', async () => {
    const { server, endpoint, spans } = await startReceiver();
    const tiny = await makeTinyRun();
    process.env[ENDPOINT_VARIABLE] = endpoint;
    try {
      const cluster = await TestCluster.start(2);
      const config = tiny.config({
        pipeline: { stages: 2, replicas: 1 },
        train: { steps: 2 },
        sara: { reselectStep: 0 },
        preview: { prompts: [] },
      });
      const { summary } = await cluster.run(config);
      assert.equal(summary.state, 'succeeded', summary.failure?.message);
      // Whatever is held back is sent at the end.
      assert.deepEqual(await cluster.stop(), []);
    } finally {
      Reflect.deleteProperty(process.env, ENDPOINT_VARIABLE);
      server.close();
      server.closeAllConnections();
      await tiny.remove();
    }

    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const namesAbove = (span: Span): string[] => {
      const parent = byId.get(span.parentSpanId ?? '');
      return parent === undefined ? [] : [parent.name, ...namesAbove(parent)];
    };
    const steps = spans.filter(({ name }) => name === 'step');
    assert.deepEqual(steps.map(({ attributes }) => attribute(attributes, 'step')).sort(), ['0', '1']);
    for (const step of steps) {
      assert.match(step.process, /^coordinator /);
      const trace = spans.filter(({ traceId }) => traceId === step.traceId);
      const phases = trace.filter(({ parentSpanId }) => parentSpanId === step.spanId).map(({ name }) => name);
      assert.deepEqual(phases.sort(), ['commit', 'gradients', 'pipeline', 'update']);
      for (const worker of ['worker worker-0', 'worker worker-1']) {
        const own = trace.filter((span) => span.process === worker);
        const methods = new Set(own.map(({ name }) => name));
        for (const method of ['runTask', 'finishGradients', 'applyUpdate', 'pull']) {
          assert.ok(methods.has(method), `${method} on ${worker}: ${[...methods].join(', ')}`);
        }
        const update = own.find(({ name }) => name === 'applyUpdate')!;
        assert.deepEqual(namesAbove(update), ['update', 'step']);
        // What this worker gave away is below the call, on the other one, that wanted it.
        const given = own.find(({ name }) => name === 'sara.v1.TensorStore/PullTensors')!;
        assert.deepEqual(namesAbove(given), ['pull', 'runTask', 'pipeline', 'step']);
        assert.notEqual(byId.get(given.parentSpanId!)?.process, worker);
      }
    }
  });
}).timeout(600_000);
