/** What a careful platform engineer looks for in manifests, looked for in every overlay. */
import assert from 'node:assert/strict';
import { buildOverlay, kustomizeAbsence, OVERLAYS } from '../support/k8s/kustomize.ts';
import {
  networkPolicies,
  selects,
  type NetworkPolicySpec,
  type Peer,
  type Selector,
} from '../support/k8s/network-policy.ts';
import {
  matches,
  ofKind,
  workloads,
  type Container,
  type KubeObject,
  type Labels,
  type Workload,
} from '../support/k8s/objects.ts';

const COMPONENT = 'app.kubernetes.io/component';

/** What the README draws: who may open a connection to which port of whom. */
const DRAWN = [
  'client -> coordinator:grpc',
  'coordinator -> coordinator:grpc',
  'coordinator -> nats:client',
  'coordinator -> worker:grpc',
  'monitoring -> coordinator:http',
  'monitoring -> worker:http',
  'nats -> nats:cluster',
  'worker -> nats:client',
  'worker -> worker:grpc',
];

/** Quantities as they are written here. */
function quantity(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti)?$/.exec(text);
  assert.ok(match, `quantity ${text}`);
  const factor = { m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 }[match[2]] ?? 1;
  return Number(match[1]) * factor;
}

function containersOf({ template: { spec } }: Workload): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

for (const overlay of OVERLAYS) {
  describe(`the overlay ${overlay}, to a platform engineer`, function () {
    let objects: readonly KubeObject[];
    let pods: readonly Workload[];

    before(function () {
      if (kustomizeAbsence !== null) {
        if (process.env.CI !== undefined) throw new Error(kustomizeAbsence);
        this.skip();
      }
      objects = buildOverlay(overlay);
      pods = workloads(objects);
      assert.ok(pods.length >= 3);
    });

    const eachContainer = (check: (container: Container, where: string, pod: Workload) => void): void => {
      for (const pod of pods)
        for (const container of containersOf(pod)) check(container, `${pod.title}, ${container.name}`, pod);
    };

    it('names the version of every image', () => {
      eachContainer(({ image }, where) => {
        assert.match(image, /^[a-z0-9./-]+:\d+\.\d+\.\d+(-[a-z0-9]+)?(@sha256:[0-9a-f]{64})?$/, where);
      });
    });

    it('runs nothing as root, on a root filesystem that nothing can be written to, with no capability', () => {
      for (const { title, template } of pods) {
        const { securityContext } = template.spec;
        assert.equal(securityContext?.runAsNonRoot, true, title);
        assert.ok(Number(securityContext.runAsUser) >= 10_000, title);
        assert.ok(Number(securityContext.runAsGroup) >= 10_000, title);
        assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' }, title);
      }
      eachContainer(({ securityContext }, where) => {
        assert.equal(securityContext?.readOnlyRootFilesystem, true, where);
        assert.equal(securityContext.allowPrivilegeEscalation, false, where);
        assert.deepEqual(securityContext.capabilities?.drop, ['ALL'], where);
        assert.equal(securityContext.privileged, undefined, where);
      });
    });

    it('gives every container requests and limits; memory is never overcommitted', () => {
      eachContainer(({ resources }, where) => {
        for (const name of ['cpu', 'memory']) {
          const request = quantity(resources?.requests?.[name] ?? '');
          assert.ok(request <= quantity(resources?.limits?.[name] ?? ''), `${where}: ${name}`);
        }
        assert.equal(resources?.requests?.memory, resources?.limits?.memory, where);
      });
    });

    it('leaves room between what stages may use of memory and the limit', () => {
      eachContainer(({ env = [], resources }, where) => {
        const memory = env.find(({ name }) => name === 'SARA_MEMORY')?.value;
        if (memory === undefined) return;
        assert.ok(Number(memory) <= 0.9 * quantity(resources?.limits?.memory ?? ''), where);
      });
    });

    it('gives a program time to end in order, and the kubelet waits longer', () => {
      eachContainer(({ env = [] }, where, { template }) => {
        const graceMs = env.find(({ name }) => name === 'SARA_GRACE')?.value ?? '0';
        assert.ok(
          Number(graceMs) + 10_000 <= 1000 * Number(template.spec.terminationGracePeriodSeconds),
          where,
        );
      });
    });

    it('gives no pod a token of the Kubernetes API, and binds no role', () => {
      const accounts = ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name);
      for (const { title, template } of pods) {
        const { automountServiceAccountToken, serviceAccountName } = template.spec;
        assert.equal(automountServiceAccountToken, false, title);
        if (serviceAccountName !== undefined)
          assert.ok(accounts.includes(serviceAccountName), `${title}: ${serviceAccountName}`);
      }
      for (const kind of ['RoleBinding', 'ClusterRoleBinding', 'ClusterRole'])
        assert.deepEqual(ofKind(objects, kind), []);
    });

    it('selects pods that there are, and workloads select their own', () => {
      // Who submits from inside a cluster brings a pod of its own.
      const client = { 'app.kubernetes.io/name': 'sara', [COMPONENT]: 'client' };
      const labelsOfPods = [client, ...pods.map(({ template }) => template.metadata.labels)];
      for (const { kind, title, spec } of pods) {
        if (kind === 'JobSet') continue;
        assert.ok(matches(spec.selector?.matchLabels ?? { never: '' }, spec.template.metadata.labels), title);
      }
      for (const { kind, metadata, spec } of objects) {
        const selector =
          kind === 'Service'
            ? { matchLabels: (spec as { selector: Labels }).selector }
            : kind === 'PodDisruptionBudget'
              ? (spec as { selector: Selector }).selector
              : kind === 'NetworkPolicy'
                ? (spec as NetworkPolicySpec).podSelector
                : null;
        if (selector !== null)
          assert.ok(
            labelsOfPods.some((labels) => selects(selector, labels)),
            `${kind} ${metadata.name} selects no pod`,
          );
      }
      const labelsOfServices = ofKind(objects, 'Service').map(({ metadata }) => metadata.labels ?? {});
      for (const { metadata, spec } of ofKind(objects, 'ServiceMonitor'))
        assert.ok(
          labelsOfServices.some((labels) => selects((spec as { selector: Selector }).selector, labels)),
          `ServiceMonitor ${metadata.name} selects no service`,
        );
    });

    it('speaks of ports by names that the pods have', () => {
      eachContainer(({ ports = [], startupProbe, readinessProbe, livenessProbe }, where) => {
        for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
          const port = probe?.httpGet?.port;
          if (port !== undefined)
            assert.ok(
              ports.some(({ name }) => name === port),
              `${where}: ${port}`,
            );
        }
      });
      for (const { metadata, spec } of ofKind(objects, 'Service')) {
        const { selector, ports } = spec as {
          selector: Labels;
          ports: { name: string; port: number; targetPort: string }[];
        };
        const selected = pods.filter(({ template }) => matches(selector, template.metadata.labels));
        for (const { port, targetPort } of ports) {
          // One server is no cluster: it has no port for others.
          const numbers = selected.flatMap(({ template }) =>
            template.spec.containers.flatMap(({ ports: own = [] }) =>
              own.filter(({ name }) => name === targetPort).map(({ containerPort }) => containerPort),
            ),
          );
          if (targetPort !== 'cluster')
            assert.ok(numbers.length > 0, `Service ${metadata.name}: ${targetPort}`);
          assert.ok(
            numbers.every((number) => number === port),
            `Service ${metadata.name}: ${targetPort}`,
          );
        }
      }
    });

    it('asks every service that serves whether it has started, is ready and is alive', () => {
      eachContainer(({ ports = [], startupProbe, readinessProbe }, where) => {
        if (ports.length === 0) return;
        assert.ok(startupProbe, where);
        assert.ok(readinessProbe, where);
      });
    });

    it('mounts what there is: configuration, secrets of certificates, volumes; scratch space has a bound', () => {
      const names = (kind: string): string[] => ofKind(objects, kind).map(({ metadata }) => metadata.name);
      const secrets = ofKind(objects, 'Certificate').map(
        ({ spec }) => (spec as { secretName: string }).secretName,
      );
      for (const { title, template, spec } of pods) {
        const volumes = template.spec.volumes ?? [];
        for (const { name, configMap, secret, persistentVolumeClaim: claim, emptyDir } of volumes) {
          const where = `${title}: volume ${name}`;
          if (configMap !== undefined) assert.ok(names('ConfigMap').includes(configMap.name), where);
          if (secret !== undefined && secret.optional !== true)
            assert.ok(secrets.includes(secret.secretName), where);
          if (claim !== undefined) assert.ok(names('PersistentVolumeClaim').includes(claim.claimName), where);
          if (emptyDir !== undefined) assert.ok(emptyDir.sizeLimit, where);
        }
        const known = [
          ...volumes.map(({ name }) => name),
          ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
        ];
        for (const { volumeMounts = [] } of template.spec.containers)
          for (const { name } of volumeMounts) assert.ok(known.includes(name), `${title}: volume ${name}`);
      }
    });

    it('lets through the network what the README draws, both ways alike, and nothing else', () => {
      const policies = networkPolicies(objects);
      const deniesAll = policies.some(
        ({ podSelector, policyTypes, ingress, egress }) =>
          Object.keys(podSelector).length === 0 &&
          policyTypes.join() === 'Ingress,Egress' &&
          ingress === undefined &&
          egress === undefined,
      );
      assert.ok(deniesAll);

      const components = [
        ...new Set([...pods.map(({ template }) => template.metadata.labels[COMPONENT]), 'client']),
      ];
      const chosen = (selector: Selector): string[] =>
        components.filter((name) =>
          selects(selector, { [COMPONENT]: name, 'app.kubernetes.io/name': 'sara' }),
        );
      const named = ({ podSelector = {}, namespaceSelector }: Peer): string[] =>
        namespaceSelector === undefined
          ? chosen(podSelector)
          : [namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] ?? 'any namespace'];
      const edges = (direction: 'ingress' | 'egress'): string[] =>
        policies
          .flatMap((policy) =>
            (policy[direction] ?? []).flatMap(({ from, to, ports }) =>
              chosen(policy.podSelector).flatMap((own) =>
                (from ?? to ?? [{}]).flatMap(named).flatMap((peer) =>
                  ports.map(({ port }) => {
                    const [source, target] = direction === 'ingress' ? [peer, own] : [own, peer];
                    return `${source} -> ${target}:${port}`;
                  }),
                ),
              ),
            ),
          )
          .filter((edge) => !edge.includes('kube-system:53'))
          .sort();

      const isMonitored = ofKind(objects, 'ServiceMonitor').length > 0;
      const ingress = DRAWN.filter((edge) => isMonitored || !edge.startsWith('monitoring'));
      assert.deepEqual(edges('ingress'), ingress);
      assert.deepEqual(
        edges('egress'),
        // What is outside says itself where it may go.
        ingress.filter((edge) => !edge.startsWith('monitoring')),
      );
    });

    it('can lose a node: what runs twice or more has a budget for disruptions', () => {
      const budgets = ofKind(objects, 'PodDisruptionBudget').map(
        ({ spec }) => spec as { selector: Selector; maxUnavailable: number },
      );
      for (const { kind, title, template } of pods) {
        if (kind === 'JobSet') continue;
        const own = budgets.filter(({ selector }) => selects(selector, template.metadata.labels));
        assert.deepEqual(
          own.map(({ maxUnavailable }) => maxUnavailable),
          [1],
          title,
        );
      }
    });
  });
}
