/** `npm run nightly`: see tools/nightly/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./nightly/main.mjs').then(({ main }) => main(process.argv.slice(2)));
