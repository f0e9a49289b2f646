import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { CollectionId, Diff } from '../api';
import { findBases } from '../merge/base';
import { Differ } from '../diff/diff';
import { isArgonError } from '../errors';
import { walk } from '../merge/planner';
import { answersOf } from '../merge/rules';
import { mergeSource, type PlanSource, restoreSource } from '../merge/source';
import type { View } from '../read/snapshot';
import { allowSeconds, numbersFrom, random, runs } from './chance';
import { coreOf, imagedParts, SMALL_IMAGES } from './imaged';
import { History } from './randomhistory';
import { ADA, lsn, SHOP, World } from './world';

allowSeconds(240);

/** Everything is gathered on workers, and sorted in several runs. */
const FAR = { ...SMALL_IMAGES, handed: { changesMin: 4 } };

const text = (image: Buffer | undefined) => image?.toString('base64');

/** A diff as plain text, all its pages. */
async function pagesOf(differ: Differ, from: View, to: View, limit: number) {
  const documents: unknown[] = [];
  let page: Diff;
  let after: string | undefined;
  do {
    page = await differ.diff(from, to, { limit, ...(after === undefined ? {} : { after }) });
    documents.push(
      ...page.documents.map(({ collection, key, op, before, after: later, fields }) => ({
        collection,
        key: key.toString('hex'),
        op,
        before: text(before),
        after: text(later),
        fields: fields.map(({ path }) => path.join('.'))
      }))
    );
    after = page.next;
  } while (after !== undefined);
  return { documents, summary: page.summary, catalog: page.catalog };
}

/** Documents that differ, found by reading both states whole. */
async function differing(from: View, to: View): Promise<string[]> {
  const states = await Promise.all(
    [from, to].map(async view => {
      const found = new Map<string, string>();
      for (const collection of view.collections()) {
        for await (const { keys, images } of view.scan(collection)) {
          keys.forEach((key, i) => found.set(`${collection.id} ${key.toString('hex')}`, text(images[i])!));
        }
      }
      return found;
    })
  );
  const [before, after] = states as [Map<string, string>, Map<string, string>];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(key => before.get(key) !== after.get(key))
    .sort();
}

/** What a plan would decide, as text. */
async function decided(source: PlanSource): Promise<string[]> {
  const found: string[] = [];
  for await (const { item, result, conflicts } of walk(source, answersOf({ answers: [] }))) {
    found.push(
      [
        item.collection,
        item.key.toString('hex'),
        text(item.base),
        text(item.ours),
        item.version?.lsn,
        text(item.theirs),
        text(result),
        conflicts.map(({ id }) => id).join('+')
      ].join(' ')
    );
  }
  source.release();
  return found;
}

const filesLeft = (world: World) => {
  const directory = join(world.directory, 'scratch');
  return existsSync(directory) ? readdirSync(directory) : [];
};

describe('law 7, workers: a diff or a plan says the same, whichever thread gathers the changes', () => {
  it(random('between heads, old LSNs, children and merged branches, with garbage collected'), async () => {
    const seen = { documents: 0, decisions: 0, gone: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 20, max: 80 }), async (seed, ids) => {
        const draw = numbersFrom(seed);
        const world = await World.open({ parts: imagedParts(FAR) });
        const core = coreOf(world.engine);
        const history = new History(world, draw, ids);
        const far = new Differ(core);
        const here = new Differ({ line: core.line, versions: core.versions, scratch: core.scratch });
        if (draw(2) === 0) {
          await world.engine.setRetention(SHOP, { keepLsns: 40 + draw(200) }, ADA);
        }
        for (let round = 0; round < 4; round++) {
          for (let i = 0; i < 15; i++) {
            await history.step().catch(unlessGone);
          }
          if (draw(2) === 0) {
            await world.engine.gc();
          }
          await core.caughtUp();
          for (let i = 0; i < 3; i++) {
            const view = (): View => {
              const { lsn: head, timeline } = world.view(history.pick(history.branches));
              return world.engine.snapshot(
                SHOP,
                timeline,
                lsn(draw(3) === 0 ? head : draw(head + 1))
              ) as View;
            };
            try {
              const [a, b] = [view(), view()];
              const found = await pagesOf(far, a, b, 1 + draw(30));
              expect(found).toEqual(await pagesOf(here, a, b, 1 + draw(30)));
              const isKnown = (id: CollectionId) =>
                (b.catalog.getById(id) ?? a.catalog.getById(id)) !== undefined;
              const wanted = (await differing(a, b)).filter(key =>
                isKnown(Number(key.split(' ')[0]) as CollectionId)
              );
              expect(found.documents).toHaveLength(wanted.length);
              seen.documents += wanted.length;

              const [ours, theirs] = [world.view(history.pick(history.branches)) as View, b];
              const project = core.registry.project(SHOP);
              const bases = findBases(core.line, project, ours, theirs);
              const make = (on: typeof core) =>
                bases === undefined
                  ? restoreSource(on, ours, theirs, {})
                  : mergeSource(on, project, ours, theirs, bases);
              const decisions = await decided(await make(core));
              const nowhere = { ...core, far: undefined } as unknown as typeof core;
              expect(decisions).toEqual(await decided(await make(nowhere)));
              seen.decisions += decisions.length;
            } catch (error) {
              unlessGone(error);
              seen.gone++;
            }
          }
        }
        expect(core.imageOffice.pool!.threads).toBeGreaterThan(0);
        expect(filesLeft(world).filter(name => name.startsWith('changes'))).toEqual([]);
        await world.close();
      }),
      runs(6)
    );
    expect(seen.documents).toBeGreaterThan(200);
    expect(seen.decisions).toBeGreaterThan(200);
  });
});

function unlessGone(error: unknown): void {
  if (!isArgonError(error, 'HISTORY_GONE')) {
    throw error;
  }
}

describe('a diff that is gathered on a worker', () => {
  const CHANGES = 20_000;
  let world: World;
  const pool = () => coreOf(world.engine).imageOffice.pool!;
  const diff = (options = {}) => world.engine.diff(SHOP, 'main@0', 'main', { limit: 10, ...options });

  beforeAll(async () => {
    world = await World.open({ parts: imagedParts(SMALL_IMAGES) });
    for (let first = 0; first < CHANGES; first += 2_000) {
      await world.put(
        'main',
        Array.from({ length: 2_000 }, (_, i) => ({ _id: first + i, n: i }))
      );
    }
  });
  afterAll(() => world.close());

  it('says how far it is, and leaves no file when nobody remembers it', async () => {
    const told: number[] = [];
    const { summary } = await diff({ onProgress: (done: number) => told.push(done) });
    expect(summary).toEqual([{ collection: 'items', added: CHANGES, changed: 0, deleted: 0 }]);
    expect(pool().threads).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    // It is read through an open file whose name is gone.
    expect(filesLeft(world)).toEqual([]);
  });

  it('is given up at once, and the thread is free again', async () => {
    await world.put('main', [{ _id: -1 }]);
    const stop = new AbortController();
    const given = diff({ signal: stop.signal });
    await new Promise(resolve => setTimeout(resolve, 5));
    const begun = performance.now();
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - begun).toBeLessThan(100);
    expect((await diff()).summary).toMatchObject([{ added: CHANGES + 1 }]);
    expect(filesLeft(world)).toEqual([]);
  });

  it('ends with an error when the thread dies, and the next one has another', async () => {
    await world.put('main', [{ _id: -2 }]);
    const dying = diff();
    const failure = expect(dying).rejects.toMatchObject({ code: 'INTERNAL', data: { worker: true } });
    await new Promise(resolve => setImmediate(resolve));
    await new Promise(resolve => setImmediate(resolve));
    await pool().killAll();
    await failure;
    expect((await diff()).summary).toMatchObject([{ added: CHANGES + 2 }]);
    expect(filesLeft(world)).toEqual([]);
  });
});
