import { buildSync } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BUNDLED_WORKER } from '../../worker/pool';
import type { Line } from './writer';

/** Where the sources of this folder are, also when it was compiled elsewhere. */
const SOURCES = join(__dirname, '../../../src/laws/kill');

/** Makes a script of the writer, and the script of the engine's workers beside it; answers its path. */
export function bundleWriter(directory: string): string {
  const script = join(directory, 'writer.js');
  const entries = { [script]: 'writer.ts', [join(directory, BUNDLED_WORKER)]: '../../worker/entry.ts' };
  for (const [outfile, source] of Object.entries(entries)) {
    buildSync({
      entryPoints: [join(SOURCES, source)],
      bundle: true,
      platform: 'node',
      target: 'node20',
      external: ['lmdb', '@node-rs/crc32', 'fs-native-extensions'],
      outfile
    });
  }
  return script;
}

/** When to kill: so long after the start, or a moment after so many acknowledgements. */
export type Moment =
  { readonly afterStartMs: number } | { readonly acknowledgements: number; readonly afterMs: number };

/** Runs the writer, kills it -9, and answers what it said until then. */
export async function writeAndKill(
  script: string,
  directory: string,
  round: number,
  moment: Moment,
  ...options: readonly string[]
): Promise<Line[]> {
  const child: ChildProcess = spawn(process.execPath, [script, directory, String(round), ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The script lies in a directory of its own; its native packages do not.
    env: { ...process.env, NODE_PATH: (require.resolve.paths('lmdb') ?? []).join(delimiter) }
  });
  const errors: string[] = [];
  child.stderr!.on('data', (text: Buffer) => errors.push(text.toString()));
  const lines: Line[] = [];
  let timer: NodeJS.Timeout | undefined;
  const kill = () => child.kill('SIGKILL');
  if ('afterStartMs' in moment) {
    // Somewhere in its start, recovery included.
    timer = setTimeout(kill, moment.afterStartMs);
  }
  let left = 'afterStartMs' in moment ? Infinity : moment.acknowledgements;
  for await (const text of createInterface({ input: child.stdout! })) {
    // A line that the kill cut off is none.
    if (!text.endsWith('}')) {
      continue;
    }
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (line.say === 'ack' && --left === 0 && 'afterMs' in moment) {
      timer = setTimeout(kill, moment.afterMs);
    }
  }
  clearTimeout(timer);
  if (child.signalCode !== 'SIGKILL') {
    await new Promise(resolve =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined)
    );
  }
  expect({ signal: child.signalCode, errors }).toEqual({ signal: 'SIGKILL', errors: [] });
  return lines;
}
