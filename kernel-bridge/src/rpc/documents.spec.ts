import {
  bson,
  insert,
  openTestBridge,
  replace,
  write,
  keyOf,
  type TestBridge,
  type TestClient
} from './harness.testing';
import type { DocumentsFindResult } from './protocol';

const project = 'shop';
const N = 250;

let bridge: TestBridge;
let client: TestClient;
let loaded: number;

beforeAll(async () => {
  bridge = await openTestBridge();
  client = await bridge.connect();
  await client.call('project.create', { name: project });
  await insert(
    bridge.engine,
    'main',
    'users',
    Array.from({ length: N }, (_, n) => ({
      _id: n,
      plan: n % 3 === 0 ? 'pro' : 'free',
      n: N - n,
      tags: [n % 5, n % 7]
    }))
  );
  await bridge.engine.createIndex(project, 'main', 'users', bson({ key: { tags: 1 }, name: 'tags_1' }), {
    actor: 'ann'
  });
  loaded = (await client.call('ref.resolve', { project, ref: 'main' })).lsn;
});

afterAll(() => bridge.close());

const of = { project, ref: 'main', collection: 'users' };
const ids = (page: Pick<DocumentsFindResult, 'documents'>) =>
  page.documents.map(({ id }) => Number((id as { $numberInt: string }).$numberInt));

/** Reads all pages, each by the state that came with the first. */
async function all(
  query: object,
  limit: number
): Promise<{ ids: number[]; read: Set<string>; pages: number }> {
  const found: number[] = [];
  const read = new Set<string>();
  let after: string | undefined;
  let ref = 'main';
  let pages = 0;
  do {
    const page: DocumentsFindResult = await client.call('documents.find', {
      ...of,
      ...query,
      ref,
      limit,
      ...(after === undefined ? {} : { after })
    });
    ref = page.state.ref;
    after = page.next;
    found.push(...ids(page));
    read.add(page.read);
    pages++;
  } while (after !== undefined);
  return { ids: found, read, pages };
}

const numbers = (keep: (n: number) => boolean) => Array.from({ length: N }, (_, n) => n).filter(keep);

it('pages a collection in the order of _id, each document once', async () => {
  const { ids: found, pages, read } = await all({}, 40);
  expect(found).toEqual(numbers(() => true));
  expect([pages, [...read]]).toEqual([7, ['scan']]);
});

it('filters by the query language, bounds on _id included', async () => {
  expect((await all({ filter: { plan: 'pro' } }, 20)).ids).toEqual(numbers(n => n % 3 === 0));
  const bounded = { filter: { _id: { $gte: 17, $lt: 61 }, plan: 'free' } };
  expect((await all(bounded, 7)).ids).toEqual(numbers(n => n >= 17 && n < 61 && n % 3 !== 0));
  expect((await all({ filter: { _id: { $in: [3, 200, 4711] } } }, 1)).ids).toEqual([3, 200]);
});

it('goes on in the order of the index that the first page used, each document once', async () => {
  const { ids: found, read } = await all({ filter: { tags: { $lt: 2 } } }, 9);
  expect([...read]).toEqual(['index:tags_1']);
  expect([...found].sort((a, b) => a - b)).toEqual(numbers(n => n % 5 < 2 || n % 7 < 2));
});

it('sorts, with ties in one order on all pages', async () => {
  expect((await all({ sort: { n: 1 } }, 33)).ids).toEqual(numbers(() => true).reverse());
  const byPlan = (await all({ sort: { plan: -1 } }, 11)).ids;
  expect(byPlan).toEqual([...numbers(n => n % 3 === 0), ...numbers(n => n % 3 !== 0)]);
  expect((await all({ sort: { _id: -1 } }, 60)).ids).toEqual(numbers(() => true).reverse());
});

it('shows a part of each document and its size, and keeps its _id', async () => {
  const page = await client.call('documents.find', { ...of, limit: 1, projection: { plan: 1, _id: 0 } });
  expect(page.documents).toEqual([
    { id: { $numberInt: '0' }, bytes: expect.any(Number) as number, document: { plan: 'pro' } }
  ]);
});

it('reads the state it named, whatever is written meanwhile', async () => {
  const first = await client.call('documents.find', { ...of, limit: 100 });
  await replace(bridge.engine, 'main', 'users', { _id: 150, plan: 'gone', n: 0, tags: [] });
  const next = { ...of, ref: first.state.ref, limit: 100, after: first.next ?? '' };
  const page = await client.call('documents.find', next);
  expect(page.documents[50]?.document).toMatchObject({ plan: 'pro' });
  expect(await client.refusal('documents.find', { ...next, ref: 'main' })).toMatchObject({
    data: { code: 'BAD_REQUEST' },
    message: expect.stringContaining('state.ref') as string
  });
});

it('counts exactly, or says that there are at least so many', async () => {
  const ref = `main@${loaded}`;
  const counted = async (more: object) => {
    const { count, exact } = await client.call('documents.count', { ...of, ref, ...more });
    return [count, exact];
  };
  expect(await counted({})).toEqual([N, true]);
  expect(await counted({ most: 10 })).toEqual([N, true]);
  expect(await counted({ filter: { plan: 'pro' } })).toEqual([84, true]);
  expect(await counted({ filter: { plan: 'pro' }, most: 84 })).toEqual([84, true]);
  expect(await counted({ filter: { plan: 'pro' }, most: 83 })).toEqual([83, false]);
});

it('tells what kind a collection is and how much it holds', async () => {
  await write(bridge.engine, 'main', writer => {
    writer.createCollection('pros', bson({ viewOn: 'users', pipeline: [{ $match: { plan: 'pro' } }] }));
    const events = writer.createCollection('events', bson({ capped: true, size: 100_000 }));
    [3, 1, 2].forEach(n => writer.insert(events, bson({ _id: n })));
  });
  await insert(
    bridge.engine,
    'main',
    'many',
    Array.from({ length: 1_500 }, (_, n) => ({ _id: n, text: 'x'.repeat(n % 20) }))
  );
  const users = await client.call('documents.statistics', of);
  expect(users).toMatchObject({ kind: 'collection', count: N, estimated: false });
  expect(users.bytes).toBeGreaterThan(N * 40);
  expect(await client.call('documents.statistics', { ...of, collection: 'many' })).toMatchObject({
    count: 1_500,
    estimated: true
  });
  const pros = await client.call('documents.statistics', { ...of, collection: 'pros' });
  expect(pros).toMatchObject({ kind: 'view', viewOn: 'users' });
  expect(pros.count).toBeUndefined();
  expect((await client.call('documents.statistics', { ...of, collection: 'events' })).kind).toBe('capped');
});

it('pages and counts what a view shows, and a capped collection in the order of its inserts', async () => {
  const view = await all({ collection: 'pros' }, 25);
  expect(view.ids).toEqual(numbers(n => n % 3 === 0 && n !== 150));
  expect([...view.read]).toEqual(['view']);
  const { count, exact } = await client.call('documents.count', { ...of, collection: 'pros', most: 50 });
  expect([count, exact]).toEqual([50, false]);
  expect((await all({ collection: 'events' }, 2)).ids).toEqual([3, 1, 2]);
});

it('leaves a document out that is too large for a reply, and shows a part of it', async () => {
  await insert(bridge.engine, 'main', 'large', [
    { _id: 1, text: 'x'.repeat(9_000_000) },
    { _id: 2, text: 'y'.repeat(1_500_000) },
    { _id: 3, text: 'z'.repeat(1_500_000) }
  ]);
  const large = { ...of, collection: 'large' };
  const page = await client.call('documents.find', large);
  expect(ids(page)).toEqual([1, 2]);
  expect(page.documents[0]?.document).toBeUndefined();
  expect(page.documents[0]?.bytes).toBeGreaterThan(9_000_000);
  expect(page.documents[1]?.document).toMatchObject({ _id: { $numberInt: '2' } });
  expect((await all({ collection: 'large' }, 10)).ids).toEqual([1, 2, 3]);
  const part = await client.call('documents.find', { ...large, filter: { _id: 1 }, projection: { _id: 1 } });
  expect(part.documents[0]?.document).toEqual({ _id: { $numberInt: '1' } });
}, 20_000);

it('compares the answers of two states: what the filter shows of each difference', async () => {
  await client.call('branch.create', { project, name: 'clean', from: `main@${loaded}` });
  await replace(bridge.engine, 'clean', 'users', { _id: 0, plan: 'free', n: 1, tags: [] });
  await replace(bridge.engine, 'clean', 'users', { _id: 1, plan: 'pro', n: 1, tags: [] });
  await replace(bridge.engine, 'clean', 'users', { _id: 3, plan: 'pro', n: -1, tags: [] });
  await replace(bridge.engine, 'clean', 'users', { _id: 4, plan: 'free', n: -1, tags: [] });
  await write(bridge.engine, 'clean', writer => writer.remove(writer.collection('users')!, keyOf(6)));
  await insert(bridge.engine, 'clean', 'users', [{ _id: 900, plan: 'pro' }]);
  const query = {
    project,
    collection: 'users',
    from: `main@${loaded}`,
    to: 'clean',
    filter: { plan: 'pro' }
  };
  const whole = await client.call('documents.compare', query);
  const seen = whole.documents.map(({ id, op }) => [Number((id as { $numberInt: string }).$numberInt), op]);
  expect(seen).toEqual([
    [0, 'delete'],
    [1, 'insert'],
    [3, 'update'],
    [6, 'delete'],
    [900, 'insert']
  ]);
  expect([whole.examined, whole.next]).toEqual([6, undefined]);
  const paged: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await client.call('documents.compare', {
      ...query,
      limit: 2,
      ...(after === undefined ? {} : { after })
    });
    expect(page.documents.length).toBeLessThanOrEqual(2);
    paged.push(
      ...page.documents.map(({ id, op }) => [Number((id as { $numberInt: string }).$numberInt), op])
    );
    after = page.next;
  } while (after !== undefined);
  expect(paged).toEqual(seen);
  expect(await client.refusalCode('documents.compare', { ...query, collection: 'none' })).toBe(
    'COLLECTION_NOT_FOUND'
  );
  expect(await client.refusalCode('documents.compare', { ...query, collection: 'pros', to: 'main' })).toBe(
    'BAD_REQUEST'
  );
});

it('refuses what is no query in words', async () => {
  const refused = async (more: object) => {
    const { data, message } = await client.refusal('documents.find', { ...of, ...more });
    return `${data.code}: ${message}`;
  };
  expect(await refused({ filter: { n: { $near: 1 } } })).toMatch(/^BAD_REQUEST: /);
  expect(await refused({ filter: { $nope: 1 } })).toMatch(/^BAD_REQUEST: .*\$nope/);
  expect(await refused({ sort: { n: 'up' } })).toMatch(/^BAD_REQUEST: /);
  expect(await refused({ filter: 3 })).toMatch(/^BAD_REQUEST: .*`filter`/);
  expect(await refused({ after: 'x' })).toMatch(/^BAD_REQUEST: .*mark/);
  expect(await refused({ collection: 'none' })).toMatch(/^COLLECTION_NOT_FOUND: /);
  expect(await refused({ limit: 0 })).toMatch(/^BAD_REQUEST: /);
});

it('stops what was named, and only for the connection that named it', async () => {
  // A hundred thousand numbers for each of the documents: long enough to be under way for certain.
  const numbers = { $range: [0, { $multiply: [{ $strLenCP: '$text' }, 1_000] }] };
  const slow = { ...of, collection: 'many', filter: { $expr: { $lt: [{ $sum: numbers }, 0] } } };
  const other = await bridge.connect();
  const refusal = client.refusal('documents.find', { ...slow, request: 'q1' });
  expect(await other.call('documents.cancel', { request: 'q1' })).toEqual({ cancelled: false });
  // Requests are taken up in their order, so this one comes while the first is under way.
  const cancelled = client.call('documents.cancel', { request: 'q1' });
  expect(await cancelled).toEqual({ cancelled: true });
  expect((await refusal).data.code).toBe('CANCELLED');
  other.socket.close();
});
