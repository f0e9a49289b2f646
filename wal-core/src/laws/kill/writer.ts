import { serialize } from 'bson';
import { writeSync } from 'node:fs';
import type { Commit } from '../../api';
import { docKeyOf } from '../../bson';
import { openEngine } from '../../engine';
import { SMALL_IMAGES } from './images';
import { dyingAt, type KillAt } from './suicide';

/**
 * A process that writes until it is killed: `node writer.js <directory> <round> [images]`, or
 * without arguments, when its order comes as one line of JSON. It tells what it is about to write
 * and what was acknowledged, one JSON line each, before it goes on.
 */
export interface Order {
  readonly directory: string;
  readonly round: number;
  /** Makes images of a few documents already. */
  readonly images?: boolean;
  readonly killAt?: KillAt;
}

export type Line =
  | { readonly say: 'ready' }
  | {
      readonly say: 'try';
      readonly name: string;
      readonly branch: string;
      readonly size: number;
      readonly atomic: boolean;
    }
  | { readonly say: 'ack'; readonly name: string; readonly firstLsn: number; readonly lastLsn: number }
  | { readonly say: 'branch'; readonly branch: string };

const PROJECT = 'shop';
const BRANCHES_MAX = 3;
const ORIGIN = { actor: 'writer' };

function tell(line: Line): void {
  // Synchronous, so that an acknowledgement is out before anything else can happen.
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** The documents of one write; their bytes follow from its name alone. */
export function documentsOf(name: string, size: number): Buffer[] {
  return Array.from({ length: size }, (_, i) =>
    // One in nine is too long for the state and stays in the log.
    Buffer.from(serialize({ _id: `${name}/${i}`, name, text: 'x'.repeat(i % 9 === 3 ? 1300 : i % 50) }))
  );
}

async function main({ directory, round, images = false, killAt }: Order): Promise<void> {
  const engine = await openEngine(
    { directory },
    {
      ...(images ? { images: SMALL_IMAGES } : {}),
      ...(killAt === undefined ? {} : { log: { fileSystem: dyingAt(killAt) } })
    }
  );
  await engine.createProject(PROJECT, ORIGIN, { ensure: true });
  tell({ say: 'ready' });
  const branches = ['main'];

  const send = async (name: string, branch: string, size: number, atomic: boolean) => {
    tell({ say: 'try', name, branch, size, atomic });
    const { commit } = await engine.write(
      PROJECT,
      branch,
      ORIGIN,
      writer => {
        const items = writer.ensureCollection('items');
        for (const image of documentsOf(name, size)) {
          writer.insert(items, image);
        }
        // One that every write changes, so that versions pile up.
        const hot = Buffer.from(serialize({ _id: 'hot', name }));
        if (writer.get(items, docKeyOf(hot)) === undefined) {
          writer.insert(items, hot);
        } else {
          writer.replace(items, docKeyOf(hot), hot);
        }
      },
      { atomic }
    );
    const { firstLsn, lastLsn } = commit as Commit;
    tell({ say: 'ack', name, firstLsn, lastLsn });
  };

  const writer = async (_: unknown, number: number) => {
    for (let n = 0; ; n++) {
      const name = `${round}-${number}-${n}`;
      const kind = (number * 7 + n * 13 + round) % 16;
      if (kind === 0 && branches.length < BRANCHES_MAX) {
        const branch = `b-${name}`;
        await engine.createBranch(PROJECT, branch, ORIGIN);
        branches.push(branch);
        tell({ say: 'branch', branch });
      }
      const branch = branches[(n + number) % branches.length]!;
      // Now and then a commit of more records than go into the state at once.
      await send(name, branch, kind === 1 && n % 3 === 0 ? 700 : 1 + (kind % 6), kind % 2 === 1);
    }
  };
  await Promise.all(Array.from({ length: 6 }, writer));
}

if (require.main === module) {
  const [directory, round, images] = process.argv.slice(2);
  if (directory === undefined) {
    process.stdin.once('data', line => void main(JSON.parse(line.toString()) as Order));
  } else {
    void main({ directory, round: Number(round), images: images === 'images' });
  }
}
