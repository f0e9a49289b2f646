/** `npm run lint`: see tools/lint/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./lint/main.mjs').then(({ main }) => main(process.argv.slice(2)));
