import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { openEngine } from '../../engine';
import { isArgonError } from '../../errors';

/** What a damaged data directory shows: all of its data as one hash, or the error that says what is wrong. */
export interface Seen {
  readonly hash?: string;
  readonly code?: string;
  /** An error without a code. */
  readonly fault?: string;
  /** The state was damaged and made anew from the log, before anything was read. */
  readonly isAnew?: true;
  /** Number of problems that `verify` finds. */
  readonly problems?: number;
  /** The first of them. */
  readonly first?: string;
}

let isAnew = false;
process.on('warning', ({ name }) => {
  isAnew ||= name === 'ArgonDamage';
});

async function look(directory: string): Promise<Seen> {
  try {
    isAnew = false;
    const engine = await openEngine({ directory });
    try {
      const hash = createHash('sha256');
      for (const { name } of engine.projects()) {
        for (const branch of engine.branches(name)) {
          const heads = [branch.head, Math.floor(branch.head / 2)];
          for (const lsn of heads) {
            const view = engine.resolve(name, `${branch.name}@${lsn}`);
            hash.update(`${name} ${view.ref}\n`);
            hash.update(await view.stateDigest());
            for (const collection of view.collections()) {
              hash.update(`${collection.name} ${await view.count(collection)}\n`);
              for (const index of collection.indexes) {
                hash.update(index.name);
                for await (const { keys } of view.scanIndex(collection, index)) {
                  keys.forEach(key => hash.update(key));
                }
              }
              for await (const { keys, images } of view.scan(collection)) {
                // Document by document: where a batch ends depends on how long it took.
                keys.forEach((key, i) =>
                  hash
                    .update(key)
                    .update(images[i]!)
                    .update(view.get(collection, key) ?? 'none')
                );
              }
            }
          }
        }
      }
      for (const { name } of engine.projects()) {
        const { entries } = await engine.log(name, { limit: 1000 });
        hash.update(entries.map(({ lastLsn, origin }) => `${lastLsn} ${origin.actor}`).join());
      }
      const { problems } = await engine.verify();
      const [first] = problems;
      return {
        hash: hash.digest('hex'),
        problems: problems.length,
        ...(isAnew ? { isAnew } : {}),
        ...(first === undefined ? {} : { first: `${first.where} ${first.what}` })
      };
    } finally {
      await engine.close().catch(() => undefined);
    }
  } catch (error) {
    return isArgonError(error) ? { code: error.code } : { fault: String(error) };
  }
}

/** Reads directories from its input, one a line, and answers each with one line of JSON. */
if (require.main === module) {
  const lines = createInterface({ input: process.stdin });
  void (async () => {
    for await (const directory of lines) {
      process.stdout.write(`${JSON.stringify(await look(directory))}\n`);
    }
  })();
}
