/** NetworkPolicies enforced, as a cluster's network does it: a packet filter in the network namespace of every pod. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rulesFor, selects, type Direction, type NetworkPolicySpec } from '../network-policy.ts';
import type { Pod } from './pod.ts';

/**
 * The filter of one pod, as nftables reads it.
 * @param pods all there are
 */
export function filterFor(pod: Pod, pods: readonly Pod[], policies: readonly NetworkPolicySpec[]): string {
  return [
    'table inet sara',
    'delete table inet sara',
    'table inet sara {',
    ...chain(pod, pods, policies, 'ingress'),
    ...chain(pod, pods, policies, 'egress'),
    '}',
    '',
  ].join('\n');
}

function chain(
  pod: Pod,
  pods: readonly Pod[],
  policies: readonly NetworkPolicySpec[],
  direction: Direction,
): string[] {
  const rules = rulesFor(policies, pod.labels, direction);
  const [hook, device, side] =
    direction === 'ingress' ? ['input', 'iif', 'saddr'] : ['output', 'oif', 'daddr'];
  return [
    `chain ${direction} {`,
    `type filter hook ${hook} priority 0; policy ${rules === null ? 'accept' : 'drop'};`,
    // The pod itself, which is also where the kubelet's probes come from here, and answers to what was let through.
    `${device} lo accept;`,
    'ct state established,related accept;',
    // Neighbours must be found before they can be spoken to.
    'meta l4proto ipv6-icmp accept;',
    ...(rules ?? []).flatMap(({ from, to, ports }) =>
      pods
        .filter(({ labels }) =>
          (from ?? to ?? [{}]).some(
            ({ podSelector = {}, namespaceSelector }) =>
              namespaceSelector === undefined && selects(podSelector, labels),
          ),
        )
        .flatMap((peer) => {
          const target = direction === 'ingress' ? pod : peer;
          return ports.flatMap(({ port }) => {
            const number = typeof port === 'number' ? port : target.portNamed(port);
            return number === null ? [] : [`ip ${side} ${peer.address} tcp dport ${number} accept;`];
          });
        }),
    ),
    '}',
  ];
}

/** Replaces the filter of a network namespace, all at once. */
export async function setFilter(networkNamespace: string, filter: string): Promise<void> {
  const nft = spawn('ip', ['netns', 'exec', networkNamespace, 'nft', '-f', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  nft.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  nft.stdin.end(filter);
  const [code] = (await once(nft, 'close')) as [number];
  if (code !== 0) throw new Error(`nft: ${said}\n${filter}`);
}
