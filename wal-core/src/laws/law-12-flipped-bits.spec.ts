import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowSeconds, EFFORT, numbersFrom, SEED } from './chance';
import { figure } from './figures';
import { Readers } from './flip/readers';
import { imagedParts, imagesSettled } from './imaged';
import { Story } from './story';
import { temporaryDirectory, World } from './world';

allowSeconds(240);

const FLIPS = Math.round(40 * EFFORT);

describe('law 12: a flipped bit', () => {
  const folder = temporaryDirectory();
  const readers = new Readers(folder);
  afterAll(() => {
    readers.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A directory in which there is some of everything, closed. */
  async function filled(): Promise<string> {
    const world = await World.open({ parts: imagedParts() });
    const story = new Story(world, SEED);
    await story.tell(60);
    await imagesSettled(world.engine);
    await world.engine.close();
    const directory = join(folder, 'filled');
    cpSync(world.directory, directory, { recursive: true });
    rmSync(world.directory, { recursive: true, force: true });
    return directory;
  }

  it(`in log, state or images is noticed by who reads or by verify, or harmless (${FLIPS} of each, seed ${SEED})`, async () => {
    const directory = await filled();
    const below = numbersFrom(SEED);
    const whole = await readers.look(directory);
    expect(whole).toEqual({ hash: expect.any(String) as string, problems: 0 });
    const copy = join(folder, 'copy');
    const outcomes: Record<string, number> = {};
    const unnoticed: string[] = [];
    for (const place of ['log', 'state', 'images']) {
      const files = readdirSync(join(directory, place)).filter(name => !name.startsWith('lock'));
      for (let i = 0; i < FLIPS; i++) {
        const file = join(place, files[below(files.length)]!);
        rmSync(copy, { recursive: true, force: true });
        cpSync(directory, copy, { recursive: true });
        const bytes = readFileSync(join(copy, file));
        let at = below(bytes.length);
        for (let tries = 0; bytes[at] === 0 && tries < 200; tries++) {
          // Most of a map is empty: a flip there teaches little.
          at = below(bytes.length);
        }
        const bit = below(8);
        bytes[at]! ^= 1 << bit;
        writeFileSync(join(copy, file), bytes);
        const seen = await readers.look(copy);
        const outcome = judge(seen, whole as { hash: string });
        outcomes[`${place} ${outcome}`] = (outcomes[`${place} ${outcome}`] ?? 0) + 1;
        figure('flipped bits', 1);
        figure(`flips ${outcome}`, 1);
        if (place === 'state' && outcome === 'refused') {
          // The log has everything: the next start makes the state anew.
          const flip = { file, at, bit, seen };
          expect({ ...flip, again: await readers.look(copy) }).toEqual({ ...flip, again: whole });
        }
        if (!HARMLESS.has(outcome)) {
          unnoticed.push(`${file} byte ${at} bit ${bit}: ${JSON.stringify(seen)}`);
        }
      }
    }
    expect({ unnoticed, outcomes }).toEqual({ unnoticed: [], outcomes });
  });
});

/** What may come of a flip. A process that ended, or an error without a code, has noticed it, but not as it should. */
const HARMLESS: ReadonlySet<string> = new Set(['harmless', 'made anew', 'refused', 'found by verify']);

type Look = Awaited<ReturnType<Readers['look']>>;

/** What came of a flip. */
function judge(seen: Look, whole: { readonly hash: string }): string {
  if (seen === 'died') {
    return 'ended the process';
  }
  if (seen === 'hung') {
    return 'hung';
  }
  if (seen.code !== undefined) {
    return 'refused';
  }
  if (seen.fault !== undefined) {
    // Seldom, from deep inside the map's own library: noticed, but not put into words.
    return 'without a code';
  }
  if (seen.problems !== 0) {
    return seen.hash === whole.hash ? 'found by verify' : 'other data, found by verify';
  }
  if (seen.hash !== whole.hash) {
    return 'UNNOTICED';
  }
  return seen.isAnew === true ? 'made anew' : 'harmless';
}
