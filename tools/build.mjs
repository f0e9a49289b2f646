/** `npm run build`: compiles TypeScript, bundles the bridge and builds the labextension. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./setup/build.mjs').then(({ main }) => main());
