/** Finding a nats-server, and saying plainly that there is none. Nothing is installed or downloaded here. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNatsServer, findNatsServer, PROJECT_ROOT } from '../../shared/bootstrap.mjs';

/** Runs an expression in a process with another environment; the module reads it at call time, its imports do not. */
function inProcess(expression: string, env: Record<string, string>): string {
  const program = `import * as b from ${JSON.stringify(join(PROJECT_ROOT, 'shared/bootstrap.mjs'))};
    try { console.log(JSON.stringify(await (${expression}))); } catch (error) { console.log(error.message); }`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env,
    encoding: 'utf8',
  }).trim();
}

describe('bootstrap', () => {
  it('finds the project it belongs to', () => {
    assert.ok(existsSync(join(PROJECT_ROOT, 'package.json')));
  });

  it('finds a nats-server that is there, every time the same', async () => {
    const path = await ensureNatsServer();
    assert.equal(await ensureNatsServer(), path);
    assert.equal(findNatsServer(), path);
    assert.match(execFileSync(path, ['--version'], { encoding: 'utf8' }), /^nats-server: v2\./);
  });

  it('takes the one that is named, in place of any other', async () => {
    const path = await ensureNatsServer();
    assert.equal(
      inProcess('b.findNatsServer()', { PATH: '/nowhere', SARA_NATS_SERVER: path }),
      JSON.stringify(path),
    );
    assert.equal(
      inProcess('b.findNatsServer()', { PATH: '/nowhere', SARA_NATS_SERVER: '/nowhere/nats' }),
      'null',
    );
  });

  it('does nothing when dependencies are installed', () => {
    assert.equal(inProcess('b.ensureDependencies()', { PATH: '/nowhere' }), 'undefined');
  });
});
