/** `npm test`: sets up the checkout and runs every suite. See tools/test/main.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./test/main.mjs').then(({ main }) => main(process.argv.slice(2)));
