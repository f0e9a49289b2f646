import { EJSON } from 'bson';
import { MongoClient, type Collection } from 'mongodb';
import { DRIVER_IN_JEST, TestBridge } from '../../kernel-bridge/src/wire/testing';
import { contents, outcome } from './compare';
import { startMongod, type RunningMongod } from './mongod';
import { Operations, type Row } from './operations';
import { Random } from './random';

const SEED = Number(process.env['ARGON_ORACLE_SEED'] ?? 1);
const RUNS = Number(process.env['ARGON_ORACLE_RUNS'] ?? 6);
const STEPS = Number(process.env['ARGON_ORACLE_STEPS'] ?? 250);
/** The whole collection is compared this often. */
const STEPS_BETWEEN_LOOKS = 10;

let mongod: RunningMongod | undefined;
let bridge: TestBridge | undefined;
let real: MongoClient;
let ours: MongoClient;

beforeAll(async () => {
  mongod = await startMongod();
  bridge = await TestBridge.start();
  const options = { ...DRIVER_IN_JEST, promoteValues: false };
  real = await new MongoClient(mongod.uri, options).connect();
  ours = await bridge.client(options);
});

afterAll(async () => {
  await real?.close();
  await bridge?.stop();
  await mongod?.stop();
});

const cases = Array.from({ length: RUNS }, (_, run) => ({ seed: SEED + run, indexed: run % 2 === 1 }));

it.each(cases)(
  'the same random operations have the same answers as mongod (seed $seed, indexed: $indexed)',
  async ({ seed, indexed }) => {
    const sides = [real, ours].map(client => client.db(`oracle${seed}`).collection<Row>('c')) as [
      Collection<Row>,
      Collection<Row>
    ];
    if (indexed) {
      for (const side of sides) {
        await side.createIndex({ u: 1 }, { unique: true, sparse: true });
        await side.createIndex({ n: 1 });
        await side.createIndex({ t: 1, a: -1 });
      }
    }
    const operations = new Operations(new Random(seed), indexed);
    const done: string[] = [];
    for (let step = 1; step <= STEPS; step++) {
      const operation = operations.next();
      const said = EJSON.stringify({ [operation.name]: operation.details }, { relaxed: false });
      done.push(said);
      const [theirs, mine] = [await outcome(operation, sides[0]), await outcome(operation, sides[1])];
      if (theirs !== mine) {
        throw new Error(`seed ${seed}, step ${step}: ${said}\nmongod: ${theirs}\nargon:  ${mine}`);
      }
      if (step % STEPS_BETWEEN_LOOKS === 0 || step === STEPS) {
        const [expected, found] = [await contents(sides[0]), await contents(sides[1])];
        expect({ seed, step, since: done.splice(0), found }).toEqual({
          seed,
          step,
          since: expect.anything(),
          found: expected
        });
      }
    }
  }
);
