import { docKeyOf, isArgonError, type DocKey } from '@argon/wal-core';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { OUT_BYTES_MAX } from '../limits';
import type { WritePlace } from '../place';
import type { WriteTerms } from './apply';
import { noteWrite } from './batch-result';
import { toStored } from './document';
import { duplicateKey } from './failure';
import { emptySlice } from './slice';
import { checkValidator } from './validator';

/**
 * `$out`: makes a collection hold exactly the documents of a pipeline, as one atomic commit. Indexes and options
 * stay. Documents that are the same already make no history.
 */
export async function writeOut(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  source: AsyncIterable<readonly Buffer[]>,
  terms: WriteTerms
): Promise<void> {
  const { engine } = context.services;
  const wanted = await collect(context, collection, source, terms);
  const surplus = await keysWithout(context, place, collection, wanted);
  const slice = emptySlice();
  try {
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
  } catch (error) {
    throw isArgonError(error, 'DUPLICATE_KEY')
      ? duplicateKey(error, `${context.database}.${collection}`)
      : error;
  }
}

interface Wanted {
  readonly key: DocKey;
  readonly document: Buffer;
}

async function collect(
  context: CommandContext,
  collection: string,
  source: AsyncIterable<readonly Buffer[]>,
  terms: WriteTerms
): Promise<Map<string, Wanted>> {
  const wanted = new Map<string, Wanted>();
  let bytes = 0;
  for await (const batch of source) {
    context.operation.check();
    for (const raw of batch) {
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
      if (bytes > OUT_BYTES_MAX) {
        throw new MongoError(
          'OperationFailed',
          `$out writes at most ${OUT_BYTES_MAX} bytes at once; use $merge for a larger result`
        );
      }
      wanted.set(name, { key, document });
    }
  }
  return wanted;
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
