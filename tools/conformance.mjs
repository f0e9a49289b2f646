/** `npm run conformance`: see tools/conformance/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./conformance/main.mjs').then(({ main }) => main(process.argv.slice(2)));
