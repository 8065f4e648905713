// Last step of `npm run build`: tsc compiles TypeScript only, so the plain JavaScript and the data that compiled files
// read are put beside them here.
import { cpSync } from 'node:fs';

const PLAIN = [
  'shared/rpc/generated/sara.js',
  'shared/bootstrap.mjs',
  'worker/model/clip-merges.txt',
  'worker/model/LICENSES.md',
];

for (const path of PLAIN) {
  cpSync(new URL(`../${path}`, import.meta.url), new URL(`../dist/${path}`, import.meta.url));
}
