import type { CollectionInfo, Lsn, Origin, TimelineId, Writer } from '../api';
import { documentOf, field } from '../bson';
import type { ErrorCode } from '../errors';
import { ROW_KEY_BYTES_MAX } from '../limits';
import { allowSeconds } from './chance';
import { ADA, image, keyOf, lsn, SHOP, World } from './world';

allowSeconds(60);

const LONG = 'n'.repeat(ROW_KEY_BYTES_MAX + 1);
/** A lone surrogate: UTF-8 has no bytes for it. */
const HALF = '\ud800';

/** What is handed in, and how it is refused. */
type Case = readonly [what: string, code: ErrorCode, act: (world: World) => unknown];

const write = (world: World, change: (writer: Writer) => unknown) =>
  world.engine.write(SHOP, 'main', ADA, change);

const insert = (world: World, bytes: Buffer) =>
  write(world, writer => writer.insert(writer.ensureCollection('items'), bytes));

/** `{_id: 'new', a: value}` with a value of any bytes. */
const withValue = (type: number, bytes: Buffer) =>
  documentOf([
    { name: '_id', ...field(image({ _id: 'new' }), '_id')! },
    { name: 'a', type, bytes }
  ]);

function nested(depth: number): Buffer {
  let bytes = image({});
  for (let i = 0; i < depth; i++) {
    bytes = documentOf([{ name: 'a', type: 3, bytes }]);
  }
  return bytes;
}

const ROWS: readonly Case[] = [
  ['a value under a long key', 'LIMIT_EXCEEDED', world => world.engine.putValue(LONG, image({}))],
  ['a value that is no document', 'DOCUMENT_INVALID', world => world.engine.putValue('a', Buffer.from('no'))],
  ['a run with a long id', 'LIMIT_EXCEEDED', world => world.engine.registerRun(SHOP, LONG, 'main', {})],
  [
    'a run with facts that are no text',
    'BAD_REQUEST',
    world => world.engine.registerRun(SHOP, 'run', 'main', { a: 5 as never })
  ],
  [
    'a retryable write with a long key',
    'LIMIT_EXCEEDED',
    world =>
      world.engine.write(SHOP, 'main', ADA, () => 0, {
        retry: { key: `${LONG}/1/1`, reply: () => image({}) }
      })
  ],
  [
    'a transaction of a session with a long name',
    'LIMIT_EXCEEDED',
    world => world.engine.transaction(ADA, { session: LONG, number: 1 })
  ]
];

const WHO: readonly Case[] = [
  ...[
    undefined,
    null,
    'ada',
    {},
    { actor: 5 },
    { actor: 'ada', cell: 5 },
    { actor: 'a', cellNumber: NaN }
  ].map((origin): Case => [
    `the origin ${JSON.stringify(origin)}`,
    'BAD_REQUEST',
    world => world.engine.createBranch(SHOP, 'new', origin as Origin)
  ]),
  [
    'a kind of commit that there is not',
    'BAD_REQUEST',
    world => world.put('main', [{ _id: 1 }], { kind: 'bogus' } as never)
  ],
  ['an empty name of a transaction', 'BAD_REQUEST', world => world.put('main', [{ _id: 1 }], { txn: '' })],
  [
    'an undo of a transaction without a name',
    'BAD_REQUEST',
    world => world.engine.planUndo(SHOP, 'main', { txn: '' }, ADA)
  ],
  [
    'a branch that expires at no date',
    'BAD_REQUEST',
    world => world.engine.createBranch(SHOP, 'new', ADA, { expiresAt: new Date(NaN) })
  ]
];

const DOCUMENTS: readonly Case[] = [
  [
    'a document cut off',
    'DOCUMENT_INVALID',
    world => insert(world, image({ _id: 1, a: 'b' }).subarray(0, -2))
  ],
  [
    'bytes behind a document',
    'DOCUMENT_INVALID',
    world => insert(world, Buffer.concat([image({ _id: 1 }), Buffer.alloc(1)]))
  ],
  ['a type that there is not', 'DOCUMENT_INVALID', world => insert(world, withValue(0x20, Buffer.alloc(4)))],
  [
    'a text that is not UTF-8',
    'DOCUMENT_INVALID',
    world => insert(world, withValue(2, Buffer.from([2, 0, 0, 0, 0xff, 0])))
  ],
  [
    'a text that runs over the end',
    'DOCUMENT_INVALID',
    world => insert(world, withValue(2, Buffer.from([9, 0, 0, 0, 65, 0])))
  ],
  ['a document of many levels', 'DOCUMENT_INVALID', world => insert(world, withValue(3, nested(200)))],
  ['a document without an _id', 'DOCUMENT_INVALID', world => insert(world, image({ a: 1 }))],
  [
    'another _id for a document',
    'DOCUMENT_INVALID',
    world => write(world, writer => writer.replace(writer.collection('items')!, keyOf(0), image({ _id: 1 })))
  ],
  [
    'a collection that another branch has',
    'COLLECTION_NOT_FOUND',
    async world => {
      await world.engine.createBranch(SHOP, 'other', ADA);
      await world.put('other', [{ _id: 1 }], { collection: 'others' });
      const others = world.view('other').collection('others')!;
      await write(world, writer => writer.insert(others, image({ _id: 2 })));
    }
  ],
  [
    'a change that waits',
    'BAD_REQUEST',
    world =>
      write(world, async writer => {
        await Promise.resolve();
        writer.insert(writer.collection('items')!, image({ _id: 1 }));
      })
  ],
  [
    'a writer whose call is over',
    'BAD_REQUEST',
    async world => {
      const { result } = await write(world, writer => writer);
      const writer = result as Writer;
      writer.insert(writer.collection('items')!, image({ _id: 1 }));
    }
  ],
  [
    'a document cut off in a transaction',
    'DOCUMENT_INVALID',
    world =>
      world.engine
        .transaction(ADA)
        .write(SHOP, 'main', writer =>
          writer.insert(writer.collection('items')!, image({ _id: 1, a: 'b' }).subarray(0, -2))
        )
  ],
  [
    'options that are no document',
    'DOCUMENT_INVALID',
    world => write(world, writer => writer.createCollection('new', Buffer.from('no')))
  ],
  [
    'an index called as that on _id',
    'BAD_REQUEST',
    world => world.engine.createIndex(SHOP, 'main', 'items', image({ key: { a: 1 }, name: '_id_' }), ADA)
  ],
  [
    'an index with a filter that is none',
    'BAD_REQUEST',
    world => {
      const spec = { key: { a: 1 }, name: 'a', partialFilterExpression: 5 };
      return world.engine.createIndex(SHOP, 'main', 'items', image(spec), ADA);
    }
  ],
  [
    'an index that is no document',
    'DOCUMENT_INVALID',
    world => world.engine.createIndex(SHOP, 'main', 'items', Buffer.from('no'), ADA)
  ]
];

const NAMES: readonly Case[] = [
  ['a project', 'NAME_INVALID', world => world.engine.createProject(HALF, ADA)],
  ['a branch', 'NAME_INVALID', world => world.engine.createBranch(SHOP, HALF, ADA)],
  ['a pin', 'NAME_INVALID', world => world.engine.createPin(SHOP, HALF, 'main', ADA)],
  ['a collection', 'NAME_INVALID', world => world.put('main', [{ _id: 1 }], { collection: HALF })],
  ['a project of no text', 'NAME_INVALID', world => world.engine.createProject(5 as never, ADA)],
  ['a branch of no text', 'NAME_INVALID', world => world.engine.createBranch(SHOP, null as never, ADA)],
  [
    'a collection of no text',
    'NAME_INVALID',
    world => world.put('main', [{ _id: 1 }], { collection: 5 as never })
  ],
  ['a ref of no text', 'REF_INVALID', world => world.engine.resolve(SHOP, undefined as never)]
];

const FIGURES: readonly Case[] = [-1, 1.5, NaN, 2 ** 60].flatMap(value => {
  const at = lsn(value);
  const timeline = 1 as TimelineId;
  const cases: [string, (world: World) => unknown][] = [
    ['a snapshot', ({ engine }) => engine.snapshot(SHOP, timeline, at)],
    ['the time', ({ engine }) => engine.timeOf(SHOP, at)],
    ['the log before', ({ engine }) => engine.log(SHOP, { before: at })],
    ['the log after', ({ engine }) => engine.log(SHOP, { after: at })],
    ['changes from', ({ engine }) => engine.changes(SHOP, timeline, { first: at, last: lsn(1) })],
    ['changes to', ({ engine }) => engine.changes(SHOP, timeline, { first: lsn(1), last: at })],
    ['a history before', ({ engine }) => engine.history(SHOP, 'main', 'items', keyOf(0), { before: at })],
    ['a history after', ({ engine }) => engine.history(SHOP, 'main', 'items', keyOf(0), { after: at })],
    [
      'the history of a collection',
      ({ engine }) => engine.collectionHistory(SHOP, 'main', 'items', { before: at })
    ],
    ['an undo', ({ engine }) => engine.planUndo(SHOP, 'main', { range: { first: lsn(1), last: at } }, ADA)],
    ['a feed', ({ engine }) => engine.feed(SHOP, { after: at, live: false })[Symbol.asyncIterator]().next()],
    ['a page', ({ engine }) => engine.log(SHOP, { limit: value })]
  ];
  return cases.map(([what, act]): Case => [`${what} ${value}`, 'BAD_REQUEST', act]);
});

describe('law 13: what makes no sense is refused and leaves nothing', () => {
  let world: World;
  let before: string;
  let items: CollectionInfo;
  beforeAll(async () => {
    world = await World.open();
    await world.put('main', [{ _id: 0 }]);
    items = world.view('main').collection('items')!;
    before = await world.view('main').stateDigest();
  });
  afterAll(async () => {
    // Nothing of it is in the way of a later start either.
    await world.engine.createBranch(SHOP, 'last', ADA);
    await world.reopen();
    expect((await world.engine.verify()).problems).toEqual([]);
    expect(await world.view('main').stateDigest()).toBe(before);
    await world.close();
  });

  it.each([...ROWS, ...WHO, ...DOCUMENTS, ...NAMES, ...FIGURES])('%s: %s', async (_, code, act) => {
    await expect(Promise.resolve().then(() => act(world))).rejects.toMatchObject({ code });
    expect(world.engine.status().failed).toBeUndefined();
    expect(await world.view('main').stateDigest()).toBe(before);
  });

  it('a history that ends before it begins is empty', async () => {
    const none = { before: 0 as Lsn };
    expect(await world.engine.history(SHOP, 'main', items.name, keyOf(0), none)).toEqual([]);
    expect((await world.engine.log(SHOP, none)).entries).toEqual([]);
  });
});
