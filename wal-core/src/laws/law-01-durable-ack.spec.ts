import { rmSync } from 'node:fs';
import type { Engine, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { openEngine } from '../engine';
import { allowSeconds, numbersFrom, random, SEED } from './chance';
import { bundleWriter, writeAndKill } from './kill/killed';
import { documentsOf } from './kill/writer';
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
      const script = bundleWriter(directory());
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
