/** Trace context in gRPC metadata, under the name that W3C gives it. */
import { TRACEPARENT_LENGTH } from '../observe/tracing.ts';

export const TRACE_HEADER = 'traceparent';

/** @returns empty when there is none, or nothing that could be one */
export function traceContextOf(header: string | Buffer | undefined): string {
  return typeof header === 'string' && header.length === TRACEPARENT_LENGTH ? header : '';
}
