import { serialize } from 'bson';
import { writeSync } from 'node:fs';
import { docKeyOf } from '../../bson';
import { openEngine } from '../../engine';

/**
 * A process that writes, pins and collects garbage until it is killed: `node collector.js <directory> <round>`. It
 * tells the digest of each state that it has pinned, one JSON line each, before it goes on.
 */
export interface PinLine {
  readonly pin: string;
  readonly digest: string;
}

const PROJECT = 'shop';
const ORIGIN = { actor: 'collector' };
const DOCUMENTS = 60;

async function main(directory: string, round: number): Promise<void> {
  const engine = await openEngine({ directory }, { log: { segmentBytesMax: 16_384 } });
  await engine.createProject(PROJECT, ORIGIN, { ensure: true });
  const write = (n: number) =>
    engine.write(PROJECT, 'main', ORIGIN, writer => {
      const items = writer.ensureCollection('items');
      for (let i = 0; i < 5; i++) {
        const id = (n * 5 + i) % DOCUMENTS;
        const text = 'x'.repeat(id % 9 === 3 ? 1300 : id);
        const image = Buffer.from(serialize({ _id: id, round, n, text }));
        if (writer.get(items, docKeyOf(image)) === undefined) {
          writer.insert(items, image);
        } else {
          writer.replace(items, docKeyOf(image), image);
        }
      }
    });
  const writer = async () => {
    for (let n = 0; ; n++) {
      await write(n);
      if (n % 12 === 0) {
        const pin = `${round}-${n}`;
        const { ref } = await engine.createPin(PROJECT, pin, 'main', ORIGIN);
        const line: PinLine = { pin, digest: await engine.resolve(PROJECT, ref).stateDigest() };
        // Synchronous, so that it is out before anything else can happen.
        writeSync(1, `${JSON.stringify(line)}\n`);
      }
    }
  };
  const collector = async () => {
    for (;;) {
      await engine.gc({ retention: { keepLsns: 20 } });
    }
  };
  await Promise.all([writer(), collector()]);
}

if (require.main === module) {
  void main(process.argv[2]!, Number(process.argv[3]));
}
