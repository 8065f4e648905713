/**
 * The parts of a deployment, and by which name each is known where parts prove to each other who they are: in the
 * certificates of mutual TLS and as users of NATS.
 *
 * A certificate names the part, not the machine: workers come and go with their addresses. So whoever connects asks
 * for the part's name instead of the host's, also through a port-forward or a load balancer.
 */

/** `client` is whoever uses the coordinator's API: a person's `sara` command, a pipeline. */
export type Part = 'coordinator' | 'worker' | 'client';

/** DNS name that a part's certificate must have among its subject alternative names. */
export const CERTIFICATE_NAMES: Readonly<Record<Part, string>> = {
  coordinator: 'sara-coordinator',
  worker: 'sara-worker',
  client: 'sara-client',
};

/**
 * The parts that a certificate stands for.
 * @param subjectAltName as Node prints it: `DNS:sara-worker, IP Address:10.0.0.7`; names with commas or quotes are
 *   quoted there and so equal none of ours
 */
export function partsNamedBy(subjectAltName: string): Part[] {
  const names = new Set(subjectAltName.split(', '));
  return (Object.keys(CERTIFICATE_NAMES) as Part[]).filter((part) =>
    names.has(`DNS:${CERTIFICATE_NAMES[part]}`),
  );
}
