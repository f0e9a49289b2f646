import { once } from 'node:events';
import { connect } from 'node:net';
import { BSON, type Document } from 'mongodb';
import { EFFORT, figure, numbersFrom, SEED } from '../chance.testing';
import { RawConnection, TestBridge } from './testing';

const ROUNDS = Math.max(1, Math.round(1500 * EFFORT));
const LIMIT_MS = 120_000 + ROUNDS * 20;

const COMMANDS: readonly Document[] = [
  { hello: 1 },
  { insert: 'c', documents: [{ _id: 1, a: [1, { b: 2 }] }, { a: 'x' }] },
  { update: 'c', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } }, multi: true, upsert: true }] },
  { delete: 'c', deletes: [{ q: { a: 1 }, limit: 0 }] },
  {
    find: 'c',
    filter: { a: { $gt: 1, $in: [1, 2] } },
    sort: { a: -1 },
    projection: { a: 1 },
    batchSize: 2,
    hint: 'a_1'
  },
  { findAndModify: 'c', query: { a: 1 }, update: [{ $set: { b: 1 } }], new: true, fields: { a: 1 } },
  { aggregate: 'c', pipeline: [{ $match: { a: 1 } }, { $group: { _id: '$a', n: { $sum: 1 } } }], cursor: {} },
  { count: 'c', query: { a: 1 }, skip: 1, limit: 1 },
  { distinct: 'c', key: 'a.b', query: {} },
  { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a_1', unique: true }] },
  { getMore: 5n, collection: 'c', batchSize: 1 },
  { killCursors: 'c', cursors: [5n] },
  { explain: { find: 'c', filter: { a: 1 } }, verbosity: 'executionStats' },
  { listCollections: 1, filter: { name: 'c' } },
  { create: 'd', validator: { a: 1 } },
  { endSessions: [{ id: new BSON.UUID() }] }
];

const ODDITIES: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  NaN,
  2 ** 40,
  9223372036854775807n,
  '',
  '$',
  'a\0b',
  '\ud800',
  [],
  {},
  [[]],
  { $gt: 1 },
  { '': { '': 1 } },
  new BSON.BSONRegExp('(', ''),
  new Date(NaN),
  new BSON.MinKey(),
  new BSON.Binary(Buffer.alloc(3), 4),
  new BSON.Timestamp({ t: 0, i: 0 }),
  BSON.Decimal128.fromString('NaN'),
  true
];

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await TestBridge.start();
});
afterAll(() => bridge.stop());

/** Sends bytes and waits until they are answered or the connection is closed; the server must be alive after. */
async function provoke(bytes: Buffer): Promise<void> {
  const socket = connect(bridge.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.end(bytes);
  socket.resume();
  await once(socket, 'close');
}

async function isAlive(): Promise<void> {
  const connection = await RawConnection.open(bridge.port);
  expect(await connection.command({ ping: 1, $db: 'admin' })).toMatchObject({ ok: 1 });
  // What was let in can be read again.
  expect(await connection.command({ listCollections: 1, $db: 'fuzz' })).toMatchObject({ ok: 1 });
  expect(await connection.command({ find: 'c', $db: 'fuzz' })).toMatchObject({ ok: 1 });
  connection.close();
}

it(
  `survives messages that were damaged on the way (seed ${SEED})`,
  async () => {
    const below = numbersFrom(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const message = RawConnection.message({ ...COMMANDS[below(COMMANDS.length)], $db: 'fuzz' });
      for (let spoiled = below(4); spoiled >= 0; spoiled--) {
        message[below(message.length)] = below(256);
      }
      const cut = below(5) === 0 ? message.subarray(0, below(message.length)) : message;
      await provoke(Buffer.from(cut));
    }
    await isAlive();
    figure('broken messages', ROUNDS);
  },
  LIMIT_MS
);

it(
  `survives commands with the wrong things in the right places (seed ${SEED})`,
  async () => {
    const below = numbersFrom(SEED + 1);
    const odd = (): unknown => ODDITIES[below(ODDITIES.length)];
    const mutate = (value: unknown, depth = 0): unknown => {
      if (depth > 0 && below(20) < 3) {
        return odd();
      }
      if (Array.isArray(value)) {
        return value.map(item => mutate(item, depth + 1));
      }
      if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
        const entries = Object.entries(value).map(([name, item]) => [name, mutate(item, depth + 1)]);
        return Object.fromEntries(below(10) === 0 ? [...entries, ['extra', odd()]] : entries);
      }
      return value;
    };
    const faults: Document[] = [];
    let answered = 0;
    let connection = await RawConnection.open(bridge.port);
    for (let round = 0; round < ROUNDS; round++) {
      const command = { ...(mutate(COMMANDS[below(COMMANDS.length)]) as Document), $db: 'fuzz' };
      let message: Document;
      try {
        BSON.serialize(command);
        message = await connection.command(command);
      } catch {
        // What the serialiser refuses was never sent; a name with NUL in it is such a thing.
        connection.close();
        connection = await RawConnection.open(bridge.port);
        continue;
      }
      answered++;
      expect(message['ok'] === 1 || typeof message['code'] === 'number').toBe(true);
      // Internal errors are faults of ours, whatever was asked.
      const errors = [message, ...((message['writeErrors'] as Document[] | undefined) ?? [])];
      faults.push(
        ...errors
          .filter(({ code }) => code === 1)
          .map(({ errmsg }) => ({ errmsg: errmsg as string, command }))
      );
    }
    connection.close();
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(ROUNDS * 0.8);
    await isAlive();
    figure('broken messages', ROUNDS);
  },
  LIMIT_MS
);

it('closes on noise, on unknown opcodes and on impossible lengths, and serves others meanwhile', async () => {
  const below = numbersFrom(SEED + 2);
  for (let round = 0; round < 100; round++) {
    await provoke(Buffer.from(Array.from({ length: below(300) }, () => below(256))));
  }
  for (const opCode of [0, 1, 1000, 2001, 2002, 2005, 2006, 2007, 2010, 2014, -1]) {
    const message = RawConnection.message({ ping: 1, $db: 'admin' });
    message.writeInt32LE(opCode, 12);
    await provoke(message);
  }
  for (const length of [0, 15, 48_000_001, -5, 0x7fffffff]) {
    const message = RawConnection.message({ ping: 1, $db: 'admin' });
    message.writeInt32LE(length, 0);
    await provoke(message);
  }
  await isAlive();
  expect(bridge.server.connectionCount).toBeLessThan(5);
});
