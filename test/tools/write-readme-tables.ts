/** Rewrites the README's generated tables: `npx tsx test/tools/write-readme-tables.ts` */
import { readFile, writeFile } from 'node:fs/promises';
import { withFreshTables } from '../support/readme-tables.ts';

const PATH = 'README.md';
await writeFile(PATH, await withFreshTables(await readFile(PATH, 'utf8')));
