import { randomUUID } from 'node:crypto';
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { Image } from '@argon/wal-core';
import { noteCommit, type CommandContext } from '../context';
import { WRITE_SLICE_MAX } from '../limits';
import type { WritePlace } from '../place';
import type { WriteTerms } from './apply';
import { noteWrite } from './batch-result';
import { commitChange } from './commit';
import { emptySlice } from './slice';
import { takePlace } from './take-place';
import { checkValidator } from './validator';

/**
 * `$out` of more than is written as one commit, as mongod does every one: into a collection of its own with the
 * options and the indexes of the one it is for, whose place it takes at the end, in one commit. Until then, and when it
 * fails, nobody sees a change.
 */
export async function writeThroughAnother(
  context: CommandContext,
  place: WritePlace,
  collection: string,
  source: AsyncIterable<readonly Image[]>,
  terms: WriteTerms
): Promise<void> {
  const { engine } = context.services;
  const scratch = `tmp.agg_out.${randomUUID()}`;
  const target = engine.resolve(place.project, place.branch).collection(collection);
  const { commit } = await commitChange(context, place, writer => {
    const made =
      target === undefined
        ? writer.ensureCollection(scratch)
        : writer.createCollection(scratch, target.options);
    for (const { spec } of target?.indexes ?? []) {
      writer.createIndex(made, spec);
    }
  });
  noteCommit(context, commit);
  try {
    for await (const batch of source) {
      for (let at = 0; at < batch.length; at += WRITE_SLICE_MAX) {
        context.operation.check();
        await insert(context, place, { scratch, collection }, batch.slice(at, at + WRITE_SLICE_MAX), terms);
        await yieldToLoop();
      }
    }
    await takePlace(context, place, scratch, collection);
  } catch (error) {
    await engine.dropCollection(place.project, place.branch, scratch, context.origin).catch(() => undefined);
    throw error;
  }
}

async function insert(
  context: CommandContext,
  place: WritePlace,
  { scratch, collection }: { readonly scratch: string; readonly collection: string },
  documents: readonly Image[],
  terms: WriteTerms
): Promise<void> {
  const { result, commit } = await commitChange(context, place, writer => {
    const info = writer.ensureCollection(scratch);
    const slice = emptySlice();
    for (const document of documents) {
      checkValidator(terms, info, document, undefined);
      writer.insert(info, document);
      slice.inserts++;
    }
    return slice;
  });
  noteCommit(context, commit);
  noteWrite(context, collection, { ...result, commit });
}
