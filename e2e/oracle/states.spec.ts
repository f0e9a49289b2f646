import { field, type RawValue } from '@argon/wal-core';
import { TestBridge } from '../../kernel-bridge/src/wire/testing';
import { RawClient, errorOf } from '../../wal-core/src/query/oracle/client';
import { obj, Random } from '../../wal-core/src/query/oracle/random';
import { startMongod, type RunningMongod } from './mongod';
import {
  answer,
  array,
  changes,
  collectionOptions,
  commandText,
  documents,
  indexSpec,
  int32,
  object,
  query,
  string,
  type Command
} from './states';

/**
 * The same queries here and in a real mongod, over collections with random indexes and collations: at the head, at an
 * older LSN, on a child branch and after a merge, with the planner's choice and by a plain scan.
 */
const given = process.env['ARGON_ORACLE_SEED'];
const SEED = given === 'random' ? Date.now() % 1_000_000 : Number(given ?? 1);
const CASES = Number(process.env['ARGON_ORACLE_CASES'] ?? 400);
const QUERIES_PER_ROUND = 40;
const DOCUMENTS = 60;
const ORIGIN = { actor: 'oracle' };

let mongod: RunningMongod | undefined;
let bridge: TestBridge | undefined;
let real: RawClient;
let ours: RawClient;

jest.setTimeout(120_000 + CASES * 100);

beforeAll(async () => {
  mongod = await startMongod();
  bridge = await TestBridge.start();
  real = await RawClient.connect(Number(new URL(mongod.uri).port));
  ours = await RawClient.connect(bridge.port);
});

afterAll(async () => {
  real?.close();
  ours?.close();
  await bridge?.stop();
  await mongod?.stop();
});

/** Runs a command on both; an error is the same on both, or a difference. */
async function both(database: string, command: Command): Promise<string> {
  const [theirs, mine] = [await answer(real, database, command), await answer(ours, database, command)];
  if (theirs !== mine) {
    throw new Error(`${commandText(command)}\nmongod: ${theirs}\nargon:  ${mine}`);
  }
  return theirs;
}

async function must(client: RawClient, database: string, command: Command): Promise<void> {
  const error = errorOf(await client.command(database, command));
  if (error !== undefined) {
    throw new Error(`${commandText(command)}: ${error.message}`);
  }
}

const insert = (collection: string, docs: readonly Buffer[]): Command => ({
  insert: string(collection),
  documents: array(docs.map(object))
});

/** Makes a collection of one state in both, and a copy without indexes of it in mongod. */
async function prepare(
  database: string,
  r: Random
): Promise<{ before: Buffer[]; lsn: number; indexes: string[] }> {
  const before = documents(r, DOCUMENTS);
  const other = documents(r, 15);
  const options = collectionOptions(r);
  for (const name of ['c', 'before']) {
    for (const client of name === 'c' ? [real, ours] : [real]) {
      await must(client, database, { create: string(name), ...options });
      await must(client, database, insert(name, before));
    }
  }
  await must(real, database, insert('other', other));
  await must(ours, database, insert('other', other));
  const indexes: string[] = [];
  for (let at = 0; at < r.int(5); at++) {
    const spec = indexSpec(r, at);
    // What cannot be built is left out of both.
    await both(database, { createIndexes: string('c'), indexes: array([spec]) });
    indexes.push(commandText({ spec }));
  }
  return { before, lsn: bridge!.engine.resolve(database, 'main').lsn, indexes };
}

async function change(database: string, r: Random): Promise<void> {
  const { removed, put } = changes(r, DOCUMENTS);
  const deletes = removed.map(id => obj(['q', obj(['_id', int32(id)])], ['limit', int32(1)]));
  const updates = put.map(doc =>
    obj(
      ['q', obj(['_id', field(doc, '_id') as RawValue])],
      ['u', object(doc)],
      ['upsert', { type: 8, bytes: Buffer.from([1]) }]
    )
  );
  for (const client of [real, ours]) {
    await client.command(database, { delete: string('c'), deletes: array(deletes) });
    for (const update of updates) {
      await client.command(database, { update: string('c'), updates: array([update]) });
    }
  }
}

it(`answers ${CASES} queries as mongod does, whatever the index, the state and the branch (seed ${SEED})`, async () => {
  process.stdout.write(`oracle seed ${SEED}, ${CASES} queries\n`);
  const differences: string[] = [];
  for (let round = 0; round * QUERIES_PER_ROUND < CASES && differences.length < 20; round++) {
    const r = new Random(SEED * 7919 + round);
    const database = `s${SEED}r${round}`;
    const { before, lsn, indexes } = await prepare(database, r);
    const { engine } = bridge!;
    await engine.createBranch(database, 'child', ORIGIN);
    await engine.createBranch(database, 'merged', ORIGIN);
    await change(database, r);
    const plan = await engine.planMerge(database, 'main', 'merged', ORIGIN);
    await engine.applyPlan(database, plan.id, ORIGIN);
    for (let at = 0; at < QUERIES_PER_ROUND; at++) {
      const { command, ordered } = query(r, 'c', before);
      const [name] = Object.keys(command);
      const old = { ...command, [name!]: string('before') };
      const now = await answer(real, database, command, ordered);
      const then = await answer(real, database, old, ordered);
      const natural = { ...command, hint: obj(['$natural', int32(1)]) };
      const seen: readonly [string, string, Command, string][] = [
        ['head', database, command, now],
        ['head by a scan', database, natural, now],
        ['merged', `${database}@merged`, command, now],
        ['past', `${database}@main:${lsn}`, command, then],
        ['child', `${database}@child`, command, then]
      ];
      for (const [where, at_, asked, expected] of seen) {
        if (where === 'head by a scan' && (name === 'distinct' || expected.startsWith('error'))) continue;
        const found = await answer(ours, at_, asked, ordered);
        if (found !== expected) {
          differences.push(
            `seed ${SEED}, round ${round}, query ${at}, ${where}: ${commandText(asked)}\n  ${indexes.join('\n  ')}\n` +
              difference(expected, found)
          );
          break;
        }
      }
    }
    await must(real, database, { dropDatabase: int32(1) });
    await engine.deleteProject(database, ORIGIN);
  }
  expect(differences.join('\n\n')).toBe('');
});

function difference(expected: string, found: string): string {
  const [theirs, mine] = [expected.split('\n'), found.split('\n')];
  const missing = theirs.filter(line => !mine.includes(line));
  const surplus = mine.filter(line => !theirs.includes(line));
  const same = missing.length + surplus.length === 0;
  return (
    `mongod: ${(same ? theirs : missing).slice(0, 3).join('\n        ')}\n` +
    `argon:  ${(same ? mine : surplus).slice(0, 3).join('\n        ')}`
  );
}
