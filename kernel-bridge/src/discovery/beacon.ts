import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distrust } from './directory';

/** What `bridge.json` beside the sockets says, for clients that look for the bridge. */
export interface Beacon {
  readonly pid: number;
  /** `ws+unix://…/rpc.sock:/rpc`. */
  readonly rpc: string;
  /** MongoDB connection string of the unix socket. */
  readonly wire: string;
  readonly version: string;
  /** Real path of the data directory. */
  readonly data: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

const FILE = 'bridge.json';

/** Writes the file in one step, readable by its owner only. */
export function lightBeacon(directory: string, beacon: Beacon): void {
  const path = join(directory, FILE);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(beacon)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** What the file says; undefined when there is none, or one that is not to be trusted. */
export function readBeacon(directory: string): Beacon | undefined {
  try {
    if (distrust(directory) !== undefined) {
      return undefined;
    }
    const said = JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Partial<Beacon>;
    return typeof said.pid === 'number' && typeof said.rpc === 'string' ? (said as Beacon) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the file, unless a later bridge wrote it. */
export function douseBeacon(directory: string): void {
  if (readBeacon(directory)?.pid === process.pid) {
    rmSync(join(directory, FILE), { force: true });
  }
}
