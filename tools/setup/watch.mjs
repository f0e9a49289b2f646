/** What `npm run watch` does: builds once, then again after each change, until Ctrl-C. */
import { join } from 'node:path';
import { ROOT, program } from './checkout.mjs';
import { ended, start, finish, stopWithUs } from './child.mjs';
import { BRIDGE, bundleArguments, labextensionArguments, products } from './products.mjs';
import { setUp } from './setup.mjs';
import { report } from './trouble.mjs';

/** Builds and watches. */
export async function main() {
  stopWithUs();
  try {
    await setUp({ steps: products });
    console.log(
      '\nWatching. Reload the page after a change of the extension; restart the bridge after one of its own.\n'
    );
    const watchers = [
      [program('typescript', 'bin', 'tsc'), '-b', ROOT, '--watch', '--preserveWatchOutput'],
      bundleArguments(join(BRIDGE, 'main.js'), '--watch'),
      labextensionArguments('--watch', '--development')
    ];
    await Promise.race(
      watchers.map(args => ended(start(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })))
    );
    console.error('A watcher has ended: see above.');
  } catch (error) {
    report(error, ROOT);
  }
  await finish(1);
}
