import type { Document } from 'mongodb';
import { RawConnection, TestBridge } from '../../kernel-bridge/src/wire/testing';
import { FORMS, VALUES, withArgument } from './arguments';
import { startMongod, type RunningMongod } from './mongod';

/**
 * Every argument of the everyday commands with a value of every type: what is taken and what is refused, with which
 * code, as a real mongod does it.
 */

let bridge: TestBridge;
let mongod: RunningMongod;
let sides: RawConnection[];

beforeAll(async () => {
  [bridge, mongod] = await Promise.all([TestBridge.start(), startMongod()]);
  sides = [await RawConnection.open(bridge.port), await RawConnection.open(Number(new URL(mongod.uri).port))];
});

afterAll(async () => {
  for (const side of sides) {
    side.close();
  }
  await Promise.all([bridge.stop(), mongod.stop()]);
});

/** `ok`, or the code and what it is called. */
function verdict(reply: Document): string {
  const fault = (reply['writeErrors'] as Document[] | undefined)?.[0] ?? reply;
  return fault['code'] === undefined
    ? 'ok'
    : `${String(fault['code'])} ${String((fault['codeName'] as string | undefined) ?? '')}`.trim();
}

it.each(FORMS.map(form => [form.name, form] as const))(
  '%s',
  async (_, form) => {
    const $db = form.database ?? 'arguments';
    const both = (command: Document): Promise<Document[]> =>
      Promise.all(sides.map(side => side.command({ ...command, $db })));
    const different: string[] = [];
    let isChanged = true;
    for (const path of form.paths) {
      for (const [name, value] of Object.entries(VALUES)) {
        if (isChanged) {
          for (const command of form.setup) {
            await Promise.all(sides.map(side => side.command({ ...command, $db: 'arguments' })));
          }
        }
        const [ours, theirs] = (await both(withArgument(form.command, path, value))).map(verdict);
        isChanged = ours === 'ok' || theirs === 'ok';
        if (ours !== theirs) {
          different.push(`${form.name}.${path}: ${name} – ${ours} here, ${theirs} in mongod`);
        }
      }
    }
    expect(different).toEqual([]);
  },
  600_000
);
