import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from '../engine';
import { STATE_CHECK_BYTES_MAX } from '../limits';
import { allowSeconds, numbersFrom, random, SEED } from './chance';
import { tellAll } from './story';
import { ADA, image, SHOP, World } from './world';

allowSeconds(120);

const FLIPS_PER_KIND = 12;

/** Every place of a text in the file of a state, old pages included. */
function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    places.push(at);
  }
  return places;
}

describe('law 12: a row of the state with a flipped bit', () => {
  let world: World;
  let told: string;

  beforeEach(async () => {
    world = await World.open();
    await world.engine.createBranch(SHOP, 'a-branch-name', ADA);
    const index = image({ key: { label: 1 }, name: 'label_1' });
    await world.engine.createIndex(SHOP, 'main', 'items', index, ADA);
    await world.put(
      'main',
      Array.from({ length: 20 }, (_, i) => ({
        _id: `key of ${i}`,
        label: `label of ${i}`,
        text: `text of ${i}`
      }))
    );
    told = await tellAll(world.view('main'));
    await world.engine.close();
  });
  afterEach(() => world.close());

  /** What a start shows: everything, or the code of the refusal. */
  async function shown(stateCheckBytesMax = 0): Promise<string> {
    try {
      const engine = await openEngine({ directory: world.directory }, { stateCheckBytesMax });
      try {
        engine.branch(SHOP, 'a-branch-name');
        return await tellAll(engine.resolve(SHOP, 'main'));
      } finally {
        await engine.close().catch(() => undefined);
      }
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  it.each([
    ['of a document', 'text of '],
    ['of a document whose key it is', 'key of '],
    ['of an index', 'label of '],
    ['of a branch', 'a-branch-name']
  ])(
    random(`%s is refused by who meets it, shows nothing else, and is made anew by the next start`),
    async (_, text) => {
      const below = numbersFrom(SEED);
      const file = join(world.directory, 'state', 'data.mdb');
      let refused = 0;
      for (let i = 0; i < FLIPS_PER_KIND; i++) {
        const bytes = readFileSync(file);
        const places = placesOf(bytes, text);
        const place = places[below(places.length)]!;
        bytes[place + below(text.length)]! ^= 1 << below(8);
        writeFileSync(file, bytes);
        const seen = await shown();
        if (seen === 'DATA_CORRUPT') {
          refused++;
          expect(await shown()).toBe(told);
        } else {
          // The bit was in a page that is no longer used.
          expect(seen).toBe(told);
        }
      }
      expect(refused).toBeGreaterThan(0);
      await world.reopen();
      expect((await world.engine.verify()).problems).toEqual([]);
    }
  );

  it.each([
    ['a thread', {}],
    ['slices', { images: { inline: true } }]
  ])(
    random('is found in %s beside the work in a state too large to be read whole at the start'),
    async (_, parts) => {
      const below = numbersFrom(SEED);
      const file = join(world.directory, 'state', 'data.mdb');
      let found = 0;
      for (let i = 0; i < FLIPS_PER_KIND; i++) {
        const bytes = readFileSync(file);
        const places = placesOf(bytes, 'text of ');
        bytes[places[below(places.length)]! + below(8)]! ^= 1 << below(8);
        writeFileSync(file, bytes);
        const options = { directory: world.directory };
        const engine = await openEngine(options, { ...parts, stateCheckBytesMax: 0 });
        const isFound = await sleptUntil(() => engine.status().failed !== undefined);
        if (isFound) {
          found++;
          const refusal = expect.objectContaining({ code: 'DATA_CORRUPT' }) as Error;
          expect(() => engine.resolve(SHOP, 'main')).toThrow(refusal);
          await expect(engine.write(SHOP, 'main', ADA, () => undefined)).rejects.toThrow(refusal);
        } else {
          expect(await tellAll(engine.resolve(SHOP, 'main'))).toBe(told);
        }
        await engine.close();
        expect(await shown()).toBe(told);
      }
      expect(found).toBeGreaterThan(0);
    }
  );

  it('is made anew by the start that finds it, and the state that was damaged is gone', async () => {
    const file = join(world.directory, 'state', 'data.mdb');
    const bytes = readFileSync(file);
    placesOf(bytes, 'text of ').forEach(place => (bytes[place]! ^= 1));
    writeFileSync(file, bytes);
    expect(await shown(STATE_CHECK_BYTES_MAX)).toBe(told);
    expect(existsSync(join(world.directory, 'state.old'))).toBe(false);
    await world.reopen();
    expect((await world.engine.verify()).problems).toEqual([]);
  });
});

/** Whether something becomes true within a second. */
async function sleptUntil(isTrue: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !isTrue(); tries++) {
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  return isTrue();
}
