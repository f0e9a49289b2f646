/** Logs of suites that run several commands. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Adds to a log file. */
export function appendLog(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, text);
}
