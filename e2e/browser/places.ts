import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** Where pictures go that somebody looks at after a run; git does not follow them. */
export const PICTURES = join(ROOT, 'test-results', 'pictures');

/** The pictures of the docs. */
export const DOCS_IMAGES = join(ROOT, 'docs', 'images');

/** Where pictures of the docs go that a test takes by the way: to the docs on request (`ARGON_DOCS_IMAGES=1`). */
export const SHOWN = process.env['ARGON_DOCS_IMAGES'] === undefined ? PICTURES : DOCS_IMAGES;
