import { docKeyOf, isArgonError, type DocKey } from '@argon/wal-core';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { OUT_BYTES_MAX, WRITE_SLICE_MAX } from '../limits';
import type { WritePlace } from '../place';
import type { WriteTerms } from './apply';
import { noteWrite } from './batch-result';
import { toStored } from './document';
import { duplicateKey } from './failure';
import { writeThroughAnother } from './out-large';
import { emptySlice } from './slice';
import { checkValidator } from './validator';

/**
 * `$out`: makes a collection hold exactly the documents of a pipeline, as one atomic commit. Indexes and options
 * stay. Documents that are the same already make no history, unless there are too many to hold them all.
 */
export async function writeOut(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  source: AsyncIterable<readonly Buffer[]>,
  terms: WriteTerms
): Promise<void> {
  const batches = source[Symbol.asyncIterator]();
  try {
    const { wanted, isAll } = await collect(context, collection, batches, terms);
    if (isAll) {
      await writeAtOnce(context, place, collection, wanted, terms);
    } else {
      await writeThroughAnother(context, place, collection, following(wanted, batches, terms), terms);
    }
  } catch (error) {
    throw isArgonError(error, 'DUPLICATE_KEY')
      ? duplicateKey(error, `${context.database}.${collection}`)
      : error;
  } finally {
    await batches.return?.();
  }
}

async function writeAtOnce(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  wanted: ReadonlyMap<string, Wanted>,
  terms: WriteTerms
): Promise<void> {
  const { engine } = context.services;
  const surplus = await keysWithout(context, place, collection, wanted);
  const slice = emptySlice();
  const { commit } = await engine.write(
    place.project,
    place.branch,
    context.origin,
    writer => {
      const info = writer.ensureCollection(collection);
      for (const key of surplus) {
        if (writer.remove(info, key)) {
          slice.deletes++;
        }
      }
      for (const { key, document } of wanted.values()) {
        const before = writer.get(info, key);
        checkValidator(terms, info, document, before);
        if (before === undefined) {
          writer.insert(info, document);
          slice.inserts++;
        } else if (!before.equals(document)) {
          writer.replace(info, key, document);
          slice.updates++;
        }
      }
    },
    { atomic: true }
  );
  noteCommit(context, commit);
  noteWrite(context, collection, { ...slice, commit });
}

/** What was gathered, let go of as it is taken, and what follows it. */
async function* following(
  wanted: Map<string, Wanted>,
  batches: AsyncIterator<readonly Buffer[]>,
  terms: WriteTerms
): AsyncGenerator<readonly Buffer[]> {
  const gathered = [...wanted.values()].map(({ document }) => document);
  wanted.clear();
  while (gathered.length > 0) {
    yield gathered.splice(-WRITE_SLICE_MAX);
  }
  for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
    yield next.value.map(raw => toStored(raw, terms.nextTimestamp));
  }
}

interface Wanted {
  readonly key: DocKey;
  readonly document: Buffer;
}

/** Documents of the result, up to as many as are written at once. */
async function collect(
  context: CommandContext,
  collection: string,
  batches: AsyncIterator<readonly Buffer[]>,
  terms: WriteTerms
): Promise<{ readonly wanted: Map<string, Wanted>; readonly isAll: boolean }> {
  const wanted = new Map<string, Wanted>();
  let bytes = 0;
  for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
    context.operation.check();
    for (const raw of next.value) {
      const document = toStored(raw, terms.nextTimestamp);
      const key = docKeyOf(document);
      const name = key.toString('latin1');
      if (wanted.has(name)) {
        throw new MongoError(
          'DuplicateKey',
          `$out failed: E11000 duplicate key error collection: ${context.database}.${collection} index: _id_`
        );
      }
      bytes += document.length;
      wanted.set(name, { key, document });
    }
    if (bytes > OUT_BYTES_MAX) {
      return { wanted, isAll: false };
    }
  }
  return { wanted, isAll: true };
}

/** Keys in the collection now that the result does not have. */
async function keysWithout(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  wanted: ReadonlyMap<string, Wanted>
): Promise<DocKey[]> {
  const snapshot = context.services.engine.resolve(place.project, place.branch);
  const info = snapshot.collection(collection);
  const surplus: DocKey[] = [];
  if (info !== undefined) {
    for await (const { keys } of snapshot.scan(info, { signal: context.operation.signal })) {
      surplus.push(...keys.filter(key => !wanted.has(key.toString('latin1'))));
    }
  }
  return surplus;
}
