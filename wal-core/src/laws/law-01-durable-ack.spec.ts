import { buildSync } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { openEngine } from '../engine';
import { allowSeconds, numbersFrom, random, SEED } from './chance';
import { documentsOf, type Line } from './kill/writer';
import { copyLog, dumpOf, SHOP, temporaryDirectory } from './world';

allowSeconds(240);

const KILLS = Math.round(16 * Number(process.env['ARGON_TEST_EFFORT'] ?? 1));

interface Written {
  readonly name: string;
  readonly branch: string;
  readonly size: number;
  readonly atomic: boolean;
  ack?: { readonly firstLsn: number; readonly lastLsn: number };
}

/** When to kill: so long after the start, or a moment after so many acknowledgements. */
type Moment =
  { readonly afterStartMs: number } | { readonly acknowledgements: number; readonly afterMs: number };

/** Runs the writer, kills it -9, and answers what it said until then. */
async function writeAndKill(
  script: string,
  directory: string,
  round: number,
  moment: Moment
): Promise<Line[]> {
  const child: ChildProcess = spawn(process.execPath, [script, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The script lies in a directory of its own; its native packages do not.
    env: { ...process.env, NODE_PATH: join(__dirname, '../../../node_modules') }
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

/** Which documents of a write a state has. */
function presence(view: Snapshot, { name, size }: Written): boolean[] {
  const items = view.collection('items');
  return documentsOf(name, size).map(bytes => {
    const found = items === undefined ? undefined : view.get(items, docKeyOf(bytes));
    if (found !== undefined && !found.equals(bytes)) {
      throw new Error(`the bytes of ${name} changed`);
    }
    return found !== undefined;
  });
}

/** Heads, counts and digests of all branches, and every byte of two. */
async function dumpAll(engine: Engine): Promise<unknown> {
  const dumps: Record<string, unknown> = {};
  for (const [i, { name, head }] of engine.branches(SHOP).entries()) {
    const view = engine.resolve(SHOP, name);
    const counts = await Promise.all(view.collections().map(collection => view.count(collection)));
    dumps[name] = [head, counts, await view.stateDigest(), i < 2 ? await dumpOf(view) : undefined];
  }
  return dumps;
}

describe('law 1: durable acknowledgement', () => {
  const directories: string[] = [];
  afterAll(() => {
    for (const directory of directories) {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  function directory(): string {
    const made = temporaryDirectory();
    directories.push(made);
    return made;
  }

  it(
    random(
      `${KILLS} times kill -9: every acknowledged write is there, atomic groups are whole, recovery is the same twice`
    ),
    async () => {
      const script = join(directory(), 'writer.js');
      buildSync({
        entryPoints: [join(__dirname, 'kill/writer.ts')],
        bundle: true,
        platform: 'node',
        target: 'node20',
        external: ['lmdb', '@node-rs/crc32', 'fs-native-extensions'],
        outfile: script
      });
      const home = directory();
      const below = numbersFrom(SEED);
      const written: Written[] = [];
      const branches = new Set(['main']);
      let head = 0;
      let acknowledged = 0;
      let unacknowledged = 0;
      for (let round = 0; round < KILLS; round++) {
        const moment =
          round % 4 === 3
            ? { afterStartMs: 100 + below(400) }
            : { acknowledgements: 1 + below(60), afterMs: below(8) };
        const lines = await writeAndKill(script, home, round, moment);
        const fresh = new Map<string, Written>();
        for (const line of lines) {
          if (line.say === 'try') {
            fresh.set(line.name, { ...line });
          } else if (line.say === 'ack') {
            fresh.get(line.name)!.ack = line;
          } else if (line.say === 'branch') {
            branches.add(line.branch);
          }
        }
        written.push(...fresh.values());

        const isThorough = round % 7 === 3 || round === KILLS - 1;
        // What there is without the state, before a recovery has touched it.
        const copy = isThorough ? copyLog(home) : undefined;
        if (copy !== undefined) {
          directories.push(copy);
        }
        const engine = await openEngine({ directory: home });
        expect(engine.findProject(SHOP) !== undefined || written.length === 0).toBe(true);
        if (engine.findProject(SHOP) === undefined) {
          await engine.close();
          continue;
        }
        const known = new Set(engine.branches(SHOP).map(({ name }) => name));
        expect([...branches].filter(name => !known.has(name))).toEqual([]);
        const newest = engine.project(SHOP).head;
        expect(newest).toBeGreaterThanOrEqual(head);
        for (const write of fresh.values()) {
          const there = presence(engine.resolve(SHOP, write.branch), write);
          if (write.ack !== undefined) {
            acknowledged++;
            const { firstLsn, lastLsn } = write.ack;
            expect([write.name, there.includes(false)]).toEqual([write.name, false]);
            // LSNs go on from where the last round was, and mean this state.
            expect(firstLsn).toBeGreaterThan(head);
            expect(newest).toBeGreaterThanOrEqual(lastLsn);
            expect(presence(engine.resolve(SHOP, `${write.branch}@${lastLsn}`), write)).not.toContain(false);
            expect(presence(engine.resolve(SHOP, `${write.branch}@${firstLsn - 1}`), write)).not.toContain(
              true
            );
          } else {
            unacknowledged++;
            // One frame: the whole write or nothing, and of an atomic one never a part at any LSN.
            expect([write.name, new Set(there).size]).toEqual([write.name, 1]);
            if (write.atomic && there.includes(true)) {
              for (let at = newest; at > newest - 12 && at > 0; at--) {
                const seen = presence(engine.resolve(SHOP, `${write.branch}@${at}`), write);
                expect([write.name, at, new Set(seen).size]).toEqual([write.name, at, 1]);
              }
            }
          }
        }
        // Some of the older ones, after all that happened since.
        for (let i = 0; i < 20 && written.length > 0; i++) {
          const write = written[below(written.length)]!;
          if (write.ack !== undefined) {
            expect([write.name, presence(engine.resolve(SHOP, write.branch), write).includes(false)]).toEqual(
              [write.name, false]
            );
          }
        }
        head = newest;
        const first = isThorough ? await dumpAll(engine) : undefined;
        await engine.close();
        if (copy !== undefined) {
          for (const again of [home, copy]) {
            const second = await openEngine({ directory: again });
            expect(await dumpAll(second)).toEqual(first);
            await second.close();
          }
        }
      }
      expect(acknowledged).toBeGreaterThan(KILLS * 5);
      expect(unacknowledged).toBeGreaterThan(0);
    }
  );
});
