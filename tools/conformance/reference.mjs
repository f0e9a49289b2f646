/** What mongod does with each file, remembered: the same version of both answers the same. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOME } from './suite.mjs';

const pathOf = (version, file) => join(HOME, `mongod-${version}`, `${file}.json`);

/** @returns {import('./pytest.mjs').Outcomes | undefined} */
export function recall(version, file) {
  const path = pathOf(version, file);
  return existsSync(path) ? new Map(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** @param {import('./pytest.mjs').Outcomes} outcomes */
export function remember(version, file, outcomes) {
  const path = pathOf(version, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify([...outcomes]));
}
