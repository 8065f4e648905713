/** Every overlay is something that an API server would take, whichever of two Kubernetes minors it is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { buildOverlay, kustomizeAbsence, OVERLAYS } from '../support/k8s/kustomize.ts';
import { workloads, type KubeObject } from '../support/k8s/objects.ts';
import {
  invalidValues,
  KUBERNETES_MINORS,
  unknownFields,
  type KubernetesMinor,
} from '../support/k8s/schema.ts';

/** The pods of a JobSet as the Jobs that its controller makes of them. */
function jobsOfJobSets(objects: readonly KubeObject[]): KubeObject[] {
  return workloads(objects)
    .filter(({ kind }) => kind === 'JobSet')
    .map(({ name, spec }) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec }));
}

describe('k8s/', () => {
  it('has one object in each file', () => {
    const files = readdirSync('k8s', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yaml'))
      .map((path) => join('k8s', path));
    assert.ok(files.length > 40);
    for (const file of files) {
      const documents = parseAllDocuments(readFileSync(file, 'utf8'));
      assert.equal(documents.length, 1, file);
      assert.deepEqual(documents[0].errors, [], file);
    }
  });
});

for (const overlay of OVERLAYS) {
  describe(`the overlay ${overlay}`, function () {
    before(function () {
      if (kustomizeAbsence === null) return;
      if (process.env.CI !== undefined) throw new Error(kustomizeAbsence);
      this.skip();
    });

    for (const minor of KUBERNETES_MINORS) {
      it(`is valid for Kubernetes ${minor}`, async () => {
        const objects = buildOverlay(overlay);
        const all = [...objects, ...jobsOfJobSets(objects)];
        assert.deepEqual(await invalidValues(all, minor), []);
        assert.deepEqual(unknownFields(all, minor), []);
      });
    }

    it('has no two objects of the same kind and name', () => {
      const names = buildOverlay(overlay).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.deepEqual(names, [...new Set(names)]);
    });
  });
}

describe('the check of fields', () => {
  const pod = (spec: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c' }], ...spec },
  });

  it('knows a misspelt field, a wrong word and a wrong type', async () => {
    assert.match(unknownFields([pod({ serviceAcount: 'x' })], '1.33').join(), /Pod p: .*serviceAcount/);
    assert.match(unknownFields([pod({ restartPolicy: 'Sometimes' })], '1.33').join(), /Sometimes/);
    assert.match((await invalidValues([pod({ nodeName: 5 })], '1.33')).join(), /nodeName/);
    assert.deepEqual(unknownFields([pod({ restartPolicy: 'Never' })], '1.33'), []);
  });

  it('has the minors it says: pods have stopSignal since 1.33, hostnameOverride since 1.34, schedulingGroup since 1.36', () => {
    const unknown = (minor: KubernetesMinor, spec: object): boolean =>
      unknownFields([pod(spec)], minor).length > 0;
    const stopSignal = { containers: [{ name: 'c', lifecycle: { stopSignal: 'SIGTERM' } }] };
    const schedulingGroup = { schedulingGroup: { podGroupName: 'g' } };
    assert.equal(unknown('1.33', stopSignal), false);
    assert.equal(unknown('1.33', { hostnameOverride: 'h' }), true);
    assert.equal(unknown('1.36', schedulingGroup), false);
    // 1.35's name for it.
    assert.equal(unknown('1.36', { workloadRef: { name: 'w', podGroup: 'g' } }), true);
  });
});
