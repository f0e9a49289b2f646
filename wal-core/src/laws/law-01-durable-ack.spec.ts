import { rmSync } from 'node:fs';
import type { Engine, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { openEngine } from '../engine';
import { allowSeconds, EFFORT, numbersFrom, random, SEED } from './chance';
import { figure } from './figures';
import { bundleWriter } from './kill/killed';
import { type Moment, WriterPool } from './kill/pool';
import { documentsOf, type Line } from './kill/writer';
import { copyLog, dumpOf, SHOP, suiteDirectories } from './world';

allowSeconds(600);

const KILLS = Math.round(200 * EFFORT);
/** A directory is killed so many times before the next one begins: a long history only costs time. */
const KILLS_EACH = 20;

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

/** When a round kills: at one call of the log, after some acknowledgements, or at any time. */
function momentOf(round: number, below: (n: number) => number): Moment {
  switch (round % 4) {
    case 0:
      return {
        killAt: { call: 'write', nth: 1 + below(12), when: (['before', 'amid', 'after'] as const)[below(3)]! }
      };
    case 1:
      return {
        killAt: { call: 'sync', nth: 1 + below(12), when: (['before', 'amid', 'after'] as const)[below(3)]! }
      };
    case 2:
      return { acknowledgements: 1 + below(15), waitMs: below(6) };
    default:
      // Somewhere in its start, recovery included, or in its work.
      return { afterMs: below(120) };
  }
}

/** A data directory that is killed again and again, and what its writers said. */
class Killed {
  private readonly written: Written[] = [];
  private readonly branches = new Set(['main']);
  private head = 0;
  acknowledged = 0;
  unacknowledged = 0;

  constructor(
    private readonly home: string,
    private readonly below: (n: number) => number
  ) {}

  /** Takes in what a writer said, and looks whether it is so. `copy`: the log alone, from before any recovery. */
  async check(lines: readonly Line[], copy: string | undefined): Promise<void> {
    const fresh = this.listen(lines);
    const engine = await openEngine({ directory: this.home });
    try {
      if (engine.findProject(SHOP) === undefined) {
        expect(this.written).toEqual([]);
        return;
      }
      this.checkFresh(engine, fresh);
      this.checkOld(engine);
      this.head = engine.project(SHOP).head;
      if (copy === undefined) {
        return;
      }
    } finally {
      await engine.close();
    }
    const dumps = [];
    for (const directory of [this.home, this.home, copy]) {
      const again = await openEngine({ directory });
      dumps.push(await dumpAll(again));
      await again.close();
    }
    expect(dumps[1]).toEqual(dumps[0]);
    expect(dumps[2]).toEqual(dumps[0]);
  }

  private listen(lines: readonly Line[]): Written[] {
    const fresh = new Map<string, Written>();
    for (const line of lines) {
      if (line.say === 'try') {
        fresh.set(line.name, { ...line });
      } else if (line.say === 'ack') {
        fresh.get(line.name)!.ack = line;
      } else if (line.say === 'branch') {
        this.branches.add(line.branch);
      }
    }
    this.written.push(...fresh.values());
    return [...fresh.values()];
  }

  private checkFresh(engine: Engine, fresh: readonly Written[]): void {
    const known = new Set(engine.branches(SHOP).map(({ name }) => name));
    expect([...this.branches].filter(name => !known.has(name))).toEqual([]);
    const newest = engine.project(SHOP).head;
    expect(newest).toBeGreaterThanOrEqual(this.head);
    for (const write of fresh) {
      const there = presence(engine.resolve(SHOP, write.branch), write);
      if (write.ack !== undefined) {
        this.acknowledged++;
        const { firstLsn, lastLsn } = write.ack;
        expect([write.name, there.includes(false)]).toEqual([write.name, false]);
        // LSNs go on from where the last round was, and mean this state.
        expect(firstLsn).toBeGreaterThan(this.head);
        expect(newest).toBeGreaterThanOrEqual(lastLsn);
        expect(presence(engine.resolve(SHOP, `${write.branch}@${lastLsn}`), write)).not.toContain(false);
        expect(presence(engine.resolve(SHOP, `${write.branch}@${firstLsn - 1}`), write)).not.toContain(true);
      } else {
        this.unacknowledged++;
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
  }

  /** Some of the older ones, after all that happened since. */
  private checkOld(engine: Engine): void {
    for (let i = 0; i < 20 && this.written.length > 0; i++) {
      const write = this.written[this.below(this.written.length)]!;
      if (write.ack !== undefined) {
        const there = presence(engine.resolve(SHOP, write.branch), write);
        expect([write.name, there.includes(false)]).toEqual([write.name, false]);
      }
    }
  }
}

describe('law 1: durable acknowledgement', () => {
  const directory = suiteDirectories();

  it(
    random(
      `${KILLS} times kill -9: every acknowledged write is there, atomic groups are whole, recovery is the same twice`
    ),
    async () => {
      const pool = new WriterPool(bundleWriter(directory()));
      const below = numbersFrom(SEED);
      let acknowledged = 0;
      let unacknowledged = 0;
      try {
        for (let done = 0; done < KILLS; done += KILLS_EACH) {
          const home = directory();
          const killed = new Killed(home, below);
          for (let round = done; round < Math.min(KILLS, done + KILLS_EACH); round++) {
            const moment = momentOf(round, below);
            const lines = await pool.writeAndKill({ directory: home, round }, moment);
            try {
              const isThorough = round % 20 === 13 || round === KILLS - 1;
              const copy = isThorough ? copyLog(home) : undefined;
              await killed.check(lines, copy);
              if (copy !== undefined) {
                rmSync(copy, { recursive: true, force: true });
              }
            } catch (error) {
              throw new Error(`round ${round}: ${JSON.stringify(moment)}`, { cause: error });
            }
          }
          rmSync(home, { recursive: true, force: true });
          figure('kills', Math.min(KILLS, done + KILLS_EACH) - done);
          figure('acknowledged writes looked for after a kill', killed.acknowledged);
          acknowledged += killed.acknowledged;
          unacknowledged += killed.unacknowledged;
        }
      } finally {
        pool.close();
      }
      expect(acknowledged).toBeGreaterThan(KILLS * 5);
      expect(unacknowledged).toBeGreaterThan(0);
    }
  );
});
