/** What NetworkPolicies let through, decided from the manifests alone. */
import { matches, ofKind, type KubeObject, type Labels } from './objects.ts';

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
}

export interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly port: string | number }[];
}

export interface NetworkPolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

export type Direction = 'ingress' | 'egress';

export function networkPolicies(objects: readonly KubeObject[]): NetworkPolicySpec[] {
  return ofKind(objects, 'NetworkPolicy').map(({ spec }) => spec as NetworkPolicySpec);
}

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    matches(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key]))
  );
}

/** null: the pod is selected by no policy of this direction, so everything is let through. */
export function rulesFor(
  policies: readonly NetworkPolicySpec[],
  labels: Labels,
  direction: Direction,
): PolicyRule[] | null {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress';
  const own = policies.filter(
    ({ podSelector, policyTypes }) => policyTypes.includes(type) && selects(podSelector, labels),
  );
  return own.length === 0 ? null : own.flatMap((policy) => policy[direction] ?? []);
}
