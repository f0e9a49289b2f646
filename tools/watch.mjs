/** `npm run watch`: see tools/setup/watch.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./setup/watch.mjs').then(({ main }) => main());
