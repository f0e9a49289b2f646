/** What `npm run build` does. */
import { existsSync } from 'node:fs';
import { ROOT, at } from './checkout.mjs';
import { finish, stopWithUs } from './child.mjs';
import { products } from './products.mjs';
import { setUp } from './setup.mjs';
import { Trouble, report } from './trouble.mjs';

/** Builds what changed and exits. */
export async function main() {
  stopWithUs();
  let code = 0;
  try {
    if (!existsSync(at('node_modules', '.package-lock.json'))) {
      throw new Trouble('The Node packages are not installed yet: run `npm ci` (or `npm start`) first.');
    }
    await setUp({ steps: products });
  } catch (error) {
    report(error, ROOT);
    code = 1;
  }
  await finish(code);
}
