#!/usr/bin/env node
// Mends what a machine can mend of the things `npm run verify` complains about.
import { $, cd } from 'zx';

cd(new URL('..', import.meta.url).pathname);
$.preferLocal = true;
$.stdio = 'inherit';

const lint = await $`eslint --fix .`.nothrow();
await $`prettier --write --log-level warn .`;
process.exitCode = lint.exitCode ?? 1;
