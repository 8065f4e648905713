import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { ALLOCATOR_SETTINGS } from '../../../coordinator/worker-program.ts';

describe('allocator settings', () => {
  it('are those of every worker image too', async () => {
    const dockerfile = await readFile('k8s/images/Dockerfile', 'utf8');
    const stages = dockerfile.split(/^(?=FROM )/m).filter((stage) => /^CMD \["serve"\]/m.test(stage));
    assert.ok(stages.length >= 3, `${stages.length} images run workers`);
    for (const stage of stages) {
      for (const [name, value] of Object.entries(ALLOCATOR_SETTINGS)) {
        assert.ok(stage.includes(`${name}=${value}`), `${stage.split('\n')[0]} lacks ${name}=${value}`);
      }
    }
  });
});
