import { type Collection, MongoError, MongoServerError } from 'mongodb';
import type { Action, Operation } from '../../wal-core/src/laws/history/linearizable';
import type { Clients } from './clients';

interface Content {
  _id: string;
  value: number;
}

const DUPLICATE_KEY = 11_000;

/**
 * Clients that read, replace, delete and exchange the values of a few documents. What no answer came to has no end: it
 * may have happened at any later time, or never.
 * @returns what each client did with each document
 */
export async function documentHistories(clients: Clients, names: readonly string[]): Promise<Operation[][]> {
  const histories = new Map<string, Operation[]>(names.map(name => [name, []]));
  let time = 0;
  let value = 0;
  await clients.each<Content>(async (collection, number, below) => {
    const name = names[below(names.length)]!;
    const begin = time++;
    const asked = ask(below(10), below(value + 1), () => value++);
    const done = await act(collection, name, asked).catch((error: unknown) => {
      if (!(error instanceof MongoError)) {
        throw error;
      }
      return unanswered(asked, error);
    });
    if (done !== undefined) {
      const end = done.isSure ? time++ : Infinity;
      histories.get(name)!.push({ client: number, begin, end, do: done.action });
    }
  });
  return [...histories.values()];
}

type Asked =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: number | undefined }
  | { readonly kind: 'swap'; readonly expected: number; readonly value: number };

function ask(which: number, known: number, fresh: () => number): Asked {
  if (which < 4) {
    return { kind: 'read' };
  }
  if (which < 7) {
    return { kind: 'write', value: fresh() };
  }
  return which < 8
    ? { kind: 'write', value: undefined }
    : // A value that was perhaps there a moment ago.
      { kind: 'swap', expected: Math.max(0, known - 3), value: fresh() };
}

interface Done {
  readonly action: Action;
  readonly isSure: boolean;
}

async function act(collection: Collection<Content>, _id: string, asked: Asked): Promise<Done> {
  switch (asked.kind) {
    case 'read':
      return { action: { kind: 'read', saw: (await collection.findOne({ _id }))?.value }, isSure: true };
    case 'write':
      if (asked.value === undefined) {
        await collection.deleteOne({ _id });
      } else {
        await collection.replaceOne({ _id }, { value: asked.value }, { upsert: true });
      }
      return { action: asked, isSure: true };
    case 'swap': {
      const { expected, value } = asked;
      const found = await collection.findOneAndUpdate({ _id, value: expected }, { $set: { value } });
      return { action: { ...asked, done: found !== null }, isSure: true };
    }
  }
}

/** What is known of an operation that failed; undefined when it did nothing. */
function unanswered(asked: Asked, error: MongoError): Done | undefined {
  const isRefused = error instanceof MongoServerError && error.code === DUPLICATE_KEY;
  if (asked.kind === 'read' || isRefused) {
    return undefined;
  }
  return { action: asked.kind === 'swap' ? { ...asked, done: undefined } : asked, isSure: false };
}
