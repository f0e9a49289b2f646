/** `.ci/run`: lint, types and all tests, with one closing line. See tools/test/ci.mjs. */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./test/ci.mjs').then(({ main }) => main());
