/** `npm run seeded-bugs -- [NAME…]`: see tools/seeded-bugs/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./seeded-bugs/main.mjs').then(({ main }) => main(process.argv.slice(2)));
