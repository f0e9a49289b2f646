import type { CollectionId, DocKey } from '../api';
import { ArgonError } from '../errors';

/** Where a page ended. */
export interface Mark {
  readonly collection: CollectionId;
  readonly key: DocKey;
}

/** Where a walk begins. */
export interface Start {
  readonly collection: CollectionId;
  /** Inclusive. */
  readonly from: Buffer;
}

export function startBehind({ collection, key }: Mark): Start {
  return { collection, from: keyBehind(key) };
}

/** The first key behind a key. */
export function keyBehind(key: DocKey): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

export function startAt({ collection, key }: Mark): Start {
  return { collection, from: key };
}

/** A mark as text, for whoever asks for the next page. */
export function markOf({ collection, key }: Mark): string {
  return `${collection}.${key.toString('hex')}`;
}

/** @throws BAD_REQUEST for a text that is no mark */
export function readMark(text: string): Mark {
  const match = /^(\d{1,10})\.((?:[0-9a-f]{2})+)$/.exec(text);
  if (match === null) {
    throw new ArgonError('BAD_REQUEST', 'The page mark is not one that was given with a page.', {
      data: { after: text }
    });
  }
  return { collection: Number(match[1]) as CollectionId, key: Buffer.from(match[2]!, 'hex') };
}
