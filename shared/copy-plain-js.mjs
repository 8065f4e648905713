// Last step of `npm run build`: tsc compiles TypeScript only, so the plain JavaScript the compiled files import is
// put beside them here.
import { cpSync } from 'node:fs';

const PLAIN = ['shared/rpc/generated/sara.js', 'shared/bootstrap.mjs'];

for (const path of PLAIN) {
  cpSync(new URL(`../${path}`, import.meta.url), new URL(`../dist/${path}`, import.meta.url));
}
