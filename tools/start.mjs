/**
 * `npm start`: sets up the checkout and opens JupyterLab on the quickstart, or runs it headless.
 * Nothing here is imported before the version of Node is known to be good enough.
 */
import { requireNode } from './setup/node-version.mjs';

requireNode();
import('./start/main.mjs').then(({ main }) => main(process.argv.slice(2)));
