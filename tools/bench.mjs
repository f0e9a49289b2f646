/** `npm run bench -- engine|wire`: see tools/bench/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./bench/main.mjs').then(({ main }) => main(process.argv.slice(2)));
