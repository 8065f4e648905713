import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { buildProgram } from '../../../../coordinator/cli/program.ts';
import { Lifecycle } from '../../../../shared/lifecycle.ts';
import { silentLogger } from '../../../../shared/log.ts';

/** Every `sara VERB` in a README, in prose or in an example. */
async function verbsOf(readme: string): Promise<Set<string>> {
  const text = await readFile(readme, 'utf8');
  return new Set([...text.matchAll(/(?:npx |`)sara ([a-z]+(?:-[a-z]+)*)\b/g)].map(([, verb]) => verb));
}

describe('the commands the README tells of', () => {
  it('all exist', async () => {
    const life = new Lifecycle(silentLogger);
    const program = buildProgram(life);
    const known = program.commands.map((command: Command) => command.name());
    const verbs = await verbsOf('README.md');
    assert.ok(verbs.has('train') && verbs.has('bench'), 'the README names what this test looks for');
    for (const verb of verbs) assert.ok(known.includes(verb), `sara ${verb} is in the README only`);
  });
});
