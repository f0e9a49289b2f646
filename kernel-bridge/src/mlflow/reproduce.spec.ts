import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EFFORT, figure, numbersFrom, SEED } from '../chance.testing';
import { openTestBridge, type TestBridge } from '../rpc/harness.testing';
import { RunHistory, type HistoryBridge } from './run-history.testing';

const HISTORIES = Math.max(1, Math.round(40 * EFFORT));
const STEPS = 60;
/** Histories of one bridge, side by side in its log; it is started again in the middle of some. */
const AT_ONCE = 10;

jest.setTimeout(120_000 * Math.max(1, EFFORT));

it(`every run of ${HISTORIES} histories opens what it saw, or says that it was let go (seed ${SEED})`, async () => {
  const digests = new Map<string, string>();
  let [runs, gone, restarts] = [0, 0, 0];
  for (let first = 0; first < HISTORIES; first += AT_ONCE) {
    const folder = mkdtempSync(join(tmpdir(), 'argon-reproduce-'));
    const draw = numbersFrom(SEED + first);
    let bridge: TestBridge | undefined;
    let now: HistoryBridge;
    const open = async (): Promise<void> => {
      await bridge?.close();
      bridge = await openTestBridge({ folder });
      now = { engine: bridge.engine, client: await bridge.connect() };
    };
    try {
      await open();
      const histories = Array.from(
        { length: Math.min(AT_ONCE, HISTORIES - first) },
        (_, n) => new RunHistory(`h${first + n}`, numbersFrom(SEED + first + n), () => now, digests)
      );
      await Promise.all(histories.map(history => history.begin()));
      for (let step = 0; step < STEPS; step++) {
        await Promise.all(histories.map(history => history.step()));
        if (draw(40) === 0) {
          await open();
          restarts++;
        }
        if (draw(10) === 0) {
          await histories[draw(histories.length)]!.check();
        }
      }
      for (const history of histories) {
        await now!.client.call('keeping.gc', { keepLsns: 0, apply: true });
        await history.check();
      }
      await open();
      for (const history of histories) {
        await history.check();
        runs += history.runs.length;
        gone += history.gone;
      }
    } finally {
      await bridge?.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  figure('run histories', HISTORIES);
  figure('runs', runs);
  figure('runs let go', gone);
  figure('restarts', restarts);
  figure('contents', digests.size);
  expect(runs).toBeGreaterThan(HISTORIES * 3);
  if (HISTORIES >= 20) {
    expect(gone).toBeGreaterThan(0);
    // The same documents came up more than once, so that digests were compared.
    expect(digests.size).toBeLessThan(runs);
  }
});
