import { field } from '../../bson';
import { ADA, image, SHOP } from '../world';
import type { Run } from './run';
import { EMPTY_TABLE, type Table, weightOf, withTable } from './state';
import { refused } from './writes';

/** The index by which documents expire, and how long after the time in them. */
export const EXPIRING = 'at_1';
export const EXPIRY_SECONDS = 30;

/** Indexes that the model makes: one for order, one whose keys are never given twice, one by which documents expire. */
export const SHAPES = [
  { name: 'g_1', key: { g: 1 } },
  { name: 'stamp_1', key: { stamp: 1 }, unique: true },
  { name: EXPIRING, key: { at: 1 }, expireAfterSeconds: EXPIRY_SECONDS }
] as const;

export async function makeIndex(run: Run, on: string, collection: string, which: number): Promise<boolean> {
  const { book, world } = run;
  const shape = SHAPES[which % SHAPES.length]!;
  const { newest } = book.line(on);
  const table = newest.get(collection) ?? EMPTY_TABLE;
  const isNew = !table.indexes.includes(shape.name);
  if (book.protections.has(on)) {
    await refused(world.engine.createIndex(SHOP, on, collection, image(shape), ADA));
    return false;
  }
  if (isNew && 'unique' in shape && countWithoutStamp(table) > 1) {
    const made = world.engine.createIndex(SHOP, on, collection, image(shape), ADA);
    await expect(made).rejects.toMatchObject({ code: 'DUPLICATE_KEY' });
    return false;
  }
  expect(await world.engine.createIndex(SHOP, on, collection, image(shape), ADA)).toBe(isNew);
  if (isNew) {
    const indexes = [...table.indexes, shape.name].sort();
    // A collection that was not there is made by the same commit.
    const last = book.head + (newest.has(collection) ? 1 : 2);
    run.took(on, last, withTable(newest, collection, { ...table, indexes }));
  }
  return isNew;
}

/** Documents that a merge has left without the field: to a unique index they are all the same. */
function countWithoutStamp({ documents }: Table): number {
  const images = [...documents.values()].map(hex => Buffer.from(hex, 'hex'));
  return images.filter(bytes => field(bytes, 'stamp') === undefined).length;
}

export async function dropIndex(run: Run, on: string, collection: string, which: number): Promise<boolean> {
  const { book, world } = run;
  const { newest } = book.line(on);
  const table = newest.get(collection);
  const name = table?.indexes[which % table.indexes.length];
  if (table === undefined || name === undefined) {
    return false;
  }
  const asked = world.engine.write(SHOP, on, ADA, writer =>
    writer.dropIndex(writer.collection(collection)!, name)
  );
  if (book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  await asked;
  const indexes = table.indexes.filter(other => other !== name);
  run.took(on, book.head + 1, withTable(newest, collection, { ...table, indexes }));
  return true;
}

export async function drop(run: Run, on: string, collection: string): Promise<boolean> {
  const { book, world } = run;
  const { newest } = book.line(on);
  const table = newest.get(collection);
  const asked = world.engine.dropCollection(SHOP, on, collection, ADA);
  if (book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  const dropped = await asked;
  expect(dropped).toBe(table !== undefined);
  if (table !== undefined) {
    run.took(on, book.head + weightOf(table), withTable(newest, collection, undefined));
  }
  return dropped;
}

export async function renameCollection(run: Run, on: string, collection: string): Promise<boolean> {
  const { book, world } = run;
  const { newest } = book.line(on);
  const table = newest.get(collection);
  if (table === undefined) {
    return false;
  }
  const to = `${collection}-${run.next()}`;
  const asked = world.engine.write(SHOP, on, ADA, writer => {
    writer.renameCollection(writer.collection(collection)!, to);
  });
  if (book.protections.has(on)) {
    await refused(asked);
    return false;
  }
  await asked;
  run.took(on, book.head + 1, withTable(withTable(newest, collection, undefined), to, table));
  return true;
}
