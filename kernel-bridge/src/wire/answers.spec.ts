import {
  BSON,
  BSONRegExp,
  Binary,
  Decimal128,
  Double,
  Int32,
  Long,
  MongoClient,
  Timestamp,
  type Db,
  type Document
} from 'mongodb';
import { RawConnection, TestBridge } from './testing';

/** What real mongod 6.0.5 answers to what drivers rarely send; each was once different here. */

let bridge: TestBridge;
let client: MongoClient;
let db: Db;
let databases = 0;

beforeAll(async () => {
  bridge = await TestBridge.start();
  client = await bridge.client({ promoteValues: false });
});
afterAll(() => bridge.stop());
beforeEach(async () => {
  db = client.db(`a${++databases}`);
  await db.collection('c').insertMany([
    { _id: 1, a: 1, s: 'x', arr: [1, 2, 3] },
    { _id: 2, a: 2, s: 'x' }
  ] as Document[]);
});

const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    result => `no error: ${JSON.stringify(result)}`,
    (error: { code?: unknown; errmsg?: string; message: string }) =>
      `${String(error.code)} ${error.errmsg ?? error.message}`
  );

describe('commands that are refused', () => {
  const cases: [Document, string][] = [
    [{ find: 'c', writeConcern: { w: 1 } }, '72 Command does not support writeConcern'],
    [{ find: 'a$b' }, '73 Invalid collection name specified'],
    [{ count: 'c', readConcern: { level: 'snapshot' } }, '72 Command count does not support'],
    [{ ping: 1, readConcern: { level: 'majority' } }, '72 Command ping does not support'],
    [
      { insert: 'c', documents: [{ _id: 9 }], readConcern: { level: 'majority' } },
      '72 Command insert does not support'
    ],
    [
      { insert: 'c', documents: [{ _id: 9 }], writeConcern: { foo: 1 } },
      "40415 BSON field 'WriteConcernOptions.foo' is an unknown field."
    ],
    [
      { insert: 'c', documents: [{ _id: 9 }], writeConcern: { w: 51 } },
      '9 w has to be a non-negative number and not greater than 50; found: 51'
    ],
    [{ distinct: 'c', key: '$a' }, "16410 FieldPath field names may not start with '$'."],
    [{ distinct: 'c', key: 'a.' }, "40353 FieldPath must not end with a '.'."],
    [{ find: 'c', filter: { a: { $comment: 1 } } }, '2 unknown operator: $comment'],
    [
      { find: 'c', filter: { $not: { a: 1 } } },
      '2 unknown top level operator: $not. If you are trying to negate'
    ],
    [
      { find: 'c', filter: { a: { $size: 1.5 } } },
      '2 Failed to parse $size. Expected an integer: $size: 1.5'
    ],
    [
      { find: 'c', projection: { 'arr.$.b': 1 } },
      "31394 As of 4.4, it's illegal to specify positional operator"
    ],
    [{ find: 'c', hint: null }, '9 Hint must be a string or an object'],
    [{ create: 'n', size: 5 }, "72 the 'capped' field needs to be true"],
    [{ create: 'n', autoIndexId: false }, '50001 autoIndexId:false is not allowed'],
    [
      { aggregate: 'c', pipeline: [{ $documents: [{ a: 1 }] }], cursor: {} },
      "73 '$documents' can only be run with"
    ],
    [{ aggregate: 'c', pipeline: [{ $currentOp: {} }], cursor: {} }, '73 $currentOp must be run against'],
    [{ aggregate: 'c', pipeline: [], cursor: {}, exchange: {} }, '40415'],
    [{ explain: { insert: 'c', documents: [{}] } }, '20 Cannot explain cmd: insert'],
    [{ createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'x' }], commitQuorum: 5 }, '278'],
    [
      { update: 'c', updates: [{ q: {}, u: { $set: { b: 1 } }, multi: 1 }] },
      "14 BSON field 'update.updates.multi' is the wrong type 'int', expected type 'bool'"
    ],
    [
      { update: 'c', updates: [{ q: {}, u: [1] }] },
      "14 Each element of the 'pipeline' array must be an object"
    ],
    [
      {
        findAndModify: 'c',
        query: { arr: 2 },
        update: { $set: { 'arr.$': 9 } },
        fields: { 'arr.$': 1 },
        new: true
      },
      '2 cannot use a positional projection and return the new document'
    ],
    [
      { findAndModify: 'c', query: { a: 1 }, update: { $set: { z: 1 } }, hint: 'nope' },
      '2 error processing query: planner returned error'
    ],
    [
      { update: 'c', updates: [{ q: {}, u: [{ $nope: 1 }] }] },
      "40324 Unrecognized pipeline stage name: '$nope'"
    ],
    [{ update: 'c', updates: [{ q: {}, u: [{}] }] }, '40323 A pipeline stage specification object must'],
    [{ update: 'c', updates: [{ q: {}, u: { $set: { b: 1 } }, hint: 5 }] }, '9 Hint must be a string or'],
    [{ delete: 'c', deletes: [{ q: {}, limit: 1, hint: 5 }] }, '9 Hint must be a string or an object'],
    [{ insert: 'c', documents: null }, '10065 invalid parameter: expected an object (documents)'],
    [{ find: 'c', maxTimeMS: null }, '2 maxTimeMS must be a number'],
    [{ ping: 1, help: true }, "40415 BSON field 'ping.help' is an unknown field."],
    [{ find: 'c', readConcern: 5 }, '9 readConcern field should be an object'],
    [
      { insert: 'c', documents: [{}], writeConcern: null },
      '14 "writeConcern" had the wrong type. Expected object, found null'
    ],
    [{ find: 'c', let: { X: 1 } }, "9 Invalid 'let' parameter :: caused by :: 'X' starts with an invalid"],
    [{ find: 'c', let: { 'a.b': 1 } }, "9 Invalid 'let' parameter :: caused by :: 'a.b' contains an invalid"],
    [{ find: 'c', let: { x: '$a' } }, '4890500 Command let Expression tried to access a field'],
    [
      { find: 'c', readConcern: { level: 'local', afterClusterTime: Timestamp.fromBits(0, 0) } },
      '72 afterClusterTime cannot be a null timestamp'
    ],
    [{ bulkWrite: 1, ops: [], nsInfo: [] }, "59 no such command: 'bulkWrite'"],
    [{ dataSize: 'c' }, "73 Invalid namespace specified 'c'"]
  ];
  it.each(cases)('%j', async (command, expected) => {
    const { length } = expected;
    expect((await failure(db.command(command))).slice(0, length)).toBe(expected);
  });
});

it('the fields of a DBRef can be named in every path', async () => {
  const rows = db.collection<{ _id: number; [field: string]: unknown }>('refs');
  await rows.insertOne({
    _id: 1,
    r: { $ref: 'c', $id: 1, $db: 'x' },
    rs: [
      { $ref: 'c', $id: 1 },
      { $ref: 'c', $id: 2 }
    ]
  });
  const one = (pipeline: Document[]): Promise<Document | null> =>
    rows.aggregate(pipeline, { promoteValues: true }).next();
  expect(await one([{ $project: { _id: 0, x: '$r.$id', y: '$rs.$id', z: '$r.$ref', w: '$r.$db' } }])).toEqual(
    {
      x: 1,
      y: [1, 2],
      z: 'c',
      w: 'x'
    }
  );
  expect(await one([{ $project: { _id: 0, 'r.$ref': 1 } }])).toEqual({ r: { $ref: 'c' } });
  expect(await one([{ $project: { _id: 0, x: { $id: '$_id' } } }])).toEqual({ x: { $id: 1 } });
  const joined = { from: 'c', localField: 'rs.$id', foreignField: '_id', as: 'z' };
  expect(
    await one([{ $lookup: joined }, { $sort: { 'r.$id': 1 } }, { $project: { n: { $size: '$z' } } }])
  ).toEqual({
    _id: 1,
    n: 2
  });
  expect(await failure(one([{ $project: { x: '$r.$other' } }]))).toMatch(/^16410 /);
  expect(await rows.distinct('rs.$id', {}, { promoteValues: true })).toEqual([1, 2]);
  await rows.createIndex({ 'r.$id': 1 }, { name: 'byId' });
  expect(
    await rows.find({ 'r.$id': 1 }, { hint: 'byId', projection: { 'r.$id': 1 } }).toArray()
  ).toHaveLength(1);
  expect(await failure(rows.createIndex({ 'r.$other': 1 }))).toMatch(/^67 /);
  expect(await failure(rows.createIndex({ $id: 1 }))).toMatch(/^67 /);
  const changed = { $set: { 'rs.$[e].$id': 5, 'r.$id': 7, 'n.$other': 1 }, $unset: { 'r.$db': 1 as const } };
  await rows.updateOne({}, changed, { arrayFilters: [{ 'e.$id': 2 }] });
  expect(await one([{ $project: { _id: 0, a: '$r.$id', b: '$rs.$id', c: '$r.$db' } }])).toEqual({
    a: 7,
    b: [1, 5]
  });
  expect(await failure(rows.updateOne({}, { $set: { $id: 1 } }))).toMatch(
    /^55 Found \$id field without a \$ref/
  );
  expect(await failure(rows.updateOne({}, { $set: { $other: 1 } }))).toMatch(/^52 /);
});

it('the bytes of a collection are counted, of a past state too', async () => {
  const name = db.databaseName;
  const count = async (database: string): Promise<Document> => {
    const { size, numObjects, estimate } = await client
      .db(database)
      .command({ dataSize: `${database}.c` }, { promoteValues: true });
    return { size, numObjects, estimate };
  };
  const small = { _id: 2, a: 2, s: 'x' };
  const before = await count(name);
  expect(before).toEqual({
    size:
      BSON.calculateObjectSize({ _id: 1, a: 1, s: 'x', arr: [1, 2, 3] }) + BSON.calculateObjectSize(small),
    numObjects: 2,
    estimate: false
  });
  const { lsn } = bridge.engine.resolve(name, 'main');
  await db.collection<{ _id: number }>('c').deleteOne({ _id: 2 });
  expect(await count(name)).toMatchObject({ numObjects: 1 });
  expect(await count(`${name}@main:${lsn}`)).toEqual(before);
  expect(await failure(client.db('nowhere').command({ dataSize: 'nowhere.c' }))).toMatch(/^no error/);
});

it('currentOp says who sent a command, and in which session', async () => {
  const named = await bridge.client({ appName: 'probe', promoteValues: true });
  const session = named.startSession();
  const { inprog } = await named.db('admin').command({ currentOp: 1 }, { session });
  expect(inprog).toContainEqual(
    expect.objectContaining({
      appName: 'probe',
      host: expect.stringContaining(String(bridge.port)) as string,
      client: expect.stringContaining('127.0.0.1:') as string,
      lsid: { id: session.id!['id'] }
    })
  );
  await session.endSession();
});

it('a session, a database or a read preference that is none is refused', async () => {
  const connection = await RawConnection.open(bridge.port);
  for (const [lsid, code] of [
    [{}, 40414],
    [{ id: 5 }, 14],
    [{ id: new Binary(Buffer.alloc(5), 4) }, 207]
  ] as const) {
    expect(await connection.command({ ping: 1, lsid, $db: 'admin' })).toMatchObject({ code });
  }
  expect(await connection.command({ ping: 1, $db: 5 })).toMatchObject({ code: 13111 });
  const complaints: [unknown, string][] = [
    [1, '$readPreference has incorrect type: expected object but got int'],
    [{ mode: 'foo' }, "Could not parse $readPreference mode 'foo'."],
    [{ mode: 'primary', tags: [{ a: 1 }] }, 'Only empty tags are allowed with primary read preference']
  ];
  for (const [$readPreference, expected] of complaints) {
    const { errmsg } = await connection.command({ find: 'c', $db: db.databaseName, $readPreference });
    expect(errmsg).toContain(expected);
  }
  connection.close();
});

describe('errors while a query runs', () => {
  const divide = { $project: { r: { $divide: ['$a', 0] } } };

  it('say where they came up', async () => {
    await db.collection('d').insertMany([{ a: new Double(1) }, { a: new Double(1) }]);
    const d = db.collection('d');
    expect(await failure(d.aggregate([divide]).toArray())).toBe(
      "2 PlanExecutor error during aggregation :: caused by :: can't $divide by zero"
    );
    expect(await failure(d.find({}, { projection: divide.$project }).toArray())).toBe(
      "2 Executor error during find command :: caused by :: can't $divide by zero"
    );
    await d.insertMany(Array.from({ length: 700 }, (_, at) => ({ a: new Double(at === 699 ? 2 : 1) })));
    const later = { $project: { r: { $divide: [1, { $subtract: ['$a', 2] }] } } };
    expect(await failure(d.aggregate([later], { batchSize: 50 }).toArray())).toBe(
      "2 Executor error during getMore :: caused by :: can't $divide by zero"
    );
    expect(await failure(d.aggregate([{ $project: { r: { $foo: 1 } } }]).toArray())).toBe(
      '31325 Invalid $project :: caused by :: Unknown expression $foo'
    );
  });
});

describe('writes', () => {
  it('upsert nothing from an $expr', async () => {
    const q = { $and: [{ $expr: { $eq: ['$a', 99] } }] };
    const reply = await db.command({ update: 'c', updates: [{ q, u: { $set: { b: 1 } }, upsert: true }] });
    expect(reply['writeErrors']).toMatchObject([{ code: 224 }]);
  });

  it('take the constants of an update pipeline', async () => {
    await db.command({
      update: 'c',
      updates: [{ q: { _id: 1 }, u: [{ $set: { w: '$$x' } }], c: { x: '$a' } }]
    });
    expect(await db.collection('c').findOne({ a: 1 })).toMatchObject({ w: '$a' });
  });

  it('merge as mongod upserts: new fields in the order of their names', async () => {
    await db
      .collection('c')
      .aggregate([{ $project: { z: '$a', b: '$s' } }, { $merge: { into: 'm' } }])
      .toArray();
    const merged = await db.collection('m').find().toArray();
    expect(merged.map(document => Object.keys(document))).toEqual([
      ['_id', 'b', 'z'],
      ['_id', 'b', 'z']
    ]);
  });
});

describe('indexes', () => {
  it('that cannot all be built leave none', async () => {
    const indexes = [
      { key: { a: 1 }, name: 'a' },
      { key: { s: 1 }, name: 's', unique: true }
    ];
    expect(await failure(db.command({ createIndexes: 'c', indexes }))).toMatch(/^11000 Index build failed: /);
    expect((await db.collection('c').indexes()).map(index => index['name'] as string)).toEqual(['_id_']);
  });

  it('are listed to the end, however small the batches', async () => {
    const names: string[] = [];
    for await (const index of db.collection('c').listIndexes({ batchSize: 0 }))
      names.push(index['name'] as string);
    expect(names).toEqual(['_id_']);
  });
});

describe('small things', () => {
  it('collMod notes level and action', async () => {
    await db.command({ collMod: 'c', validator: { a: { $gt: 0 } } });
    expect(await db.collection('c').options()).toEqual({
      validator: { a: { $gt: new Int32(0) } },
      validationLevel: 'strict',
      validationAction: 'error'
    });
  });

  it('numbers that $densify adds are of the type of the last before them', async () => {
    const values = [
      new Int32(0),
      Long.fromNumber(2),
      new Double(4),
      Decimal128.fromString('6'),
      new Int32(8)
    ];
    await db.collection('n').insertMany(values.map(v => ({ v })));
    const found = await db
      .collection('n')
      .aggregate([{ $densify: { field: 'v', range: { step: 1, bounds: 'full' } } }])
      .toArray();
    const types = found.map(({ v }) => (v as { _bsontype: string })._bsontype);
    const each = ['Int32', 'Long', 'Double', 'Decimal128'];
    expect(types).toEqual([...each.flatMap(type => [type, type]), 'Int32']);
  });

  it('dropDatabase says only that it is done', async () => {
    expect(await db.command({ dropDatabase: 1 })).not.toHaveProperty('dropped');
  });
});

describe('expressions at their ends', () => {
  const long = Long.MAX_VALUE;
  const cases: [string, Document, unknown][] = [
    [
      'a product is a double from its first number on',
      { $multiply: [Long.fromString('9007199254740993'), 5, new Double(5)] },
      new Double(225179981368524800)
    ],
    [
      'and of fifteen digits where a Decimal128 joins it',
      { $multiply: [long, new Double(5), Decimal128.fromString('9007199254740993')] },
      Decimal128.fromString('4.153837486827864451901962699827E+35')
    ],
    ['an empty text is not found at an end', { $indexOfCP: ['a.b', '', 0, 0] }, new Int32(-1)],
    ['but in an empty text', { $indexOfCP: ['', ''] }, new Int32(0)],
    ['a limit is an int32', { $filter: { input: [1], cond: true, limit: long } }, /^327391 /],
    ['a type is known or refused', { $convert: { input: '$missing', to: -2, onError: 1 } }, /^9 /],
    [
      'a match is computed before constants are looked at',
      { $multiply: [null, { $regexMatch: { input: 'a', regex: null } }] },
      /^14 /
    ]
  ];
  it.each(cases)('%s', async (_what, expression, expected) => {
    const answer = db
      .collection('c')
      .aggregate([{ $match: { _id: 1 } }, { $project: { _id: 0, x: expression } }]);
    if (expected instanceof RegExp) {
      expect(await failure(answer.toArray())).toMatch(expected);
    } else {
      expect(await answer.toArray()).toEqual([{ x: expected }]);
    }
  });
});

describe('updates that change nothing', () => {
  it('of a number leave it as it is: -0 stays when 0 is added', async () => {
    const c = db.collection<{ _id: number }>('n');
    await c.insertOne({ _id: 1, n: new Double(-0) } as never);
    const { modifiedCount } = await c.updateOne({ _id: 1 }, { $inc: { n: new Int32(0) } });
    expect(Number(modifiedCount)).toBe(0);
    const [document] = await c.find({ _id: 1 }).toArray();
    expect(Object.is((document as unknown as { n: Double }).n.value, -0)).toBe(true);
  });

  it('by a document without _id count, by one with it they do not', async () => {
    const c = db.collection<{ _id: number; a?: number }>('r');
    await c.insertMany([{ _id: 1, a: 1 }, { _id: 2 }]);
    const replaced = async (_id: number, document: object) =>
      Number((await c.replaceOne({ _id }, document)).modifiedCount);
    expect([await replaced(1, { a: 1 }), await replaced(1, { _id: 1, a: 1 })]).toEqual([1, 0]);
    expect([await replaced(2, {}), await replaced(2, { _id: 2 })]).toEqual([1, 0]);
  });
});

it('an array under a hashed field is told before two arrays in one key', async () => {
  await db.collection('h').insertOne({ a: [1], b: [{ d: 1 }] });
  expect(await failure(db.collection('h').createIndex({ 'b.d': 'hashed', a: -1 }))).toMatch(/^16766 /);
});

it('a key that has a pattern that is none is told like any other', async () => {
  const pattern = { _id: { p: new BSONRegExp('(', 'x') } } as never;
  const exact = await bridge.client({ bsonRegExp: true });
  const items = exact.db(db.databaseName).collection('p');
  await items.insertOne(pattern);
  const told = await items.insertOne(pattern).catch((error: unknown) => error);
  expect(told).toMatchObject({ code: 11000 });
});
