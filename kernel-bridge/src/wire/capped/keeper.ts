import { docKeyOf, type CollectionInfo, type Image, type Writer } from '@argon/wal-core';
import { capOf, type Cap } from '../collection-kind';
import { noteCommit, type CommandContext } from '../context';
import { MongoError } from '../errors';
import { headOf, type WritePlace } from '../place';
import { commitChange } from '../writing/commit';
import type { CappedEntry } from './order';

/** Holds a capped collection to its cap while documents are inserted. */
export interface CapKeeper {
  /** Takes the oldest documents away until what was just inserted fits. */
  inserted(writer: Writer, collection: CollectionInfo, image: Image): void;
  /** Takes the oldest documents away until all fit. */
  trim(writer: Writer, collection: CollectionInfo): void;
}

/**
 * Runs a write that may insert into a collection; on a capped one alone, with what keeps its cap.
 * @throws MongoError 263 in a transaction, which cannot insert into a capped collection
 */
export async function withCap<R>(
  context: CommandContext,
  place: WritePlace,
  name: string,
  write: (keeper: CapKeeper | undefined) => Promise<R>
): Promise<R> {
  const cap = capOf((await headOf(context, place)).collection(name));
  if (cap === undefined) {
    return write(undefined);
  }
  if (context.transaction !== undefined) {
    throw new MongoError(
      'OperationNotSupportedInTransaction',
      `Collection '${context.database}.${name}' is a capped collection. Writes in transactions are not allowed on capped collections.`
    );
  }
  const { capped } = context.services;
  return capped.exclusive(`${place.project}\0${place.branch}\0${name}`, async () => {
    const snapshot = await headOf(context, place);
    const info = snapshot.collection(name);
    const order = info === undefined ? undefined : await capped.orderOf(snapshot, info);
    return write(new Keeper(cap, new Map(order)));
  });
}

class Keeper implements CapKeeper {
  private bytes = 0;

  constructor(
    private readonly cap: Cap,
    private readonly order: Map<string, CappedEntry>
  ) {
    for (const entry of order.values()) {
      this.bytes += entry.bytes;
    }
  }

  inserted(writer: Writer, collection: CollectionInfo, image: Image): void {
    const key = docKeyOf(image);
    this.order.set(key.toString('latin1'), { key, bytes: image.length });
    this.bytes += image.length;
    this.trim(writer, collection);
  }

  trim(writer: Writer, collection: CollectionInfo): void {
    const { cap, order } = this;
    for (const [text, oldest] of order) {
      if (order.size <= cap.documentsMax && this.bytes <= cap.bytesMax) {
        return;
      }
      order.delete(text);
      this.bytes -= oldest.bytes;
      writer.remove(collection, oldest.key);
    }
  }
}

/** Takes away what a cap that was made smaller has no room for. */
export async function trim(
  context: CommandContext,
  place: WritePlace,
  name: string,
  keeper: CapKeeper | undefined
): Promise<void> {
  const { commit } = await commitChange(context, place, writer => {
    const collection = writer.collection(name);
    if (collection !== undefined) {
      keeper?.trim(writer, collection);
    }
  });
  noteCommit(context, commit);
}
