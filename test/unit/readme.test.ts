/** What the README states about the code is generated from the code, and where it points there is something. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describeConfig } from '../../shared/config.ts';
import { ERROR_CODES } from '../../shared/errors.ts';
import { withFreshTables } from '../support/readme-tables.ts';

describe('README', () => {
  let readme: string;
  before(async () => {
    readme = await readFile('README.md', 'utf8');
  });

  it('has the tables that the configuration schema and the error table give', async () => {
    const fresh = await withFreshTables(readme);
    assert.ok(readme === fresh, 'README.md is stale: npx tsx test/tools/write-readme-tables.ts');
  });

  it('lists every field and every error once', () => {
    for (const { path } of describeConfig()) {
      assert.equal(readme.split(`| \`${path}\` `).length, 2, `rows of ${path}`);
    }
    const table = readme.slice(readme.indexOf('<!-- exit-codes -->'), readme.indexOf('<!-- /exit-codes -->'));
    for (const code of Object.keys(ERROR_CODES)) assert.equal(table.split(`\`${code}\``).length, 2, code);
  });

  it('links to files that are there', () => {
    const targets = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target);
    const missing = targets.filter((target) => !/^https?:/.test(target) && !existsSync(target));
    assert.deepEqual(missing, []);
  });
});
