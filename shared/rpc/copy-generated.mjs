// Last step of `npm run build`: tsc compiles TypeScript only, so the generated JavaScript is put beside it here.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(new URL('generated/', import.meta.url));
const to = fileURLToPath(new URL('../../dist/shared/rpc/generated/', import.meta.url));
cpSync(from, to, { recursive: true });
