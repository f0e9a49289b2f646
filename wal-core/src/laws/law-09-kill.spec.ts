import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../engine';
import { allowSeconds, numbersFrom, random, SEED } from './chance';
import type { PinLine } from './kill/collector';
import { SHOP, temporaryDirectory } from './world';

allowSeconds(180);

const COLLECTOR = join(__dirname, '..', '..', 'dist', 'laws', 'kill', 'collector.js');
const KILLS = 6;
const LINES_MIN = 2;

it(
  random(
    'law 9: a kill in the middle of a collection loses no pinned state, and leaves nothing that does not fit'
  ),
  async () => {
    const directory = temporaryDirectory();
    const below = numbersFrom(SEED);
    const pins = new Map<string, string>();
    let isCollected = false;
    try {
      for (let round = 0; round < KILLS; round++) {
        await killed(directory, round, LINES_MIN + below(6), line => pins.set(line.pin, line.digest));
        const engine = await openEngine({ directory });
        try {
          for (const [pin, digest] of pins) {
            expect([pin, await engine.resolve(SHOP, `pin:${pin}`).stateDigest()]).toEqual([pin, digest]);
          }
          expect((await engine.verify()).problems).toEqual([]);
          isCollected ||= (await engine.gc({ dryRun: true })).horizons.length > 0;
        } finally {
          await engine.close();
        }
      }
      expect(pins.size).toBeGreaterThanOrEqual(KILLS * LINES_MIN);
      expect(isCollected).toBe(true);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
);

/** Runs the collector until it has told so many lines, and kills it. */
async function killed(
  directory: string,
  round: number,
  lines: number,
  tell: (line: PinLine) => void
): Promise<void> {
  const child = spawn(process.execPath, [COLLECTOR, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  let text = '';
  let told = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (text + chunk.toString()).split('\n');
    text = parts.pop()!;
    for (const part of parts) {
      tell(JSON.parse(part) as PinLine);
      if (++told === lines) {
        child.kill('SIGKILL');
      }
    }
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}
