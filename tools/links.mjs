/** Checks that every relative link and picture in the checkout's pages leads to a file that is there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT, at } from './setup/checkout.mjs';
import { filesUnder } from './setup/stamps.mjs';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map(name => at(name)),
  ...filesUnder([at('docs')], path => path.endsWith('.md'))
];
const broken = pages.flatMap(page =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(match => match[1])
    .filter(link => !/^[a-z]+:/i.test(link) && !existsSync(join(dirname(page), decodeURI(link))))
    .map(link => `${relative(ROOT, page)}: ${link} is not there`)
);
for (const text of broken) {
  console.error(text);
}
process.exit(broken.length > 0 ? 1 : 0);
