import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageFile } from './file';
import { KIND_BASE, KIND_RUN, versionLsn, versionText } from './format';
import type { Page } from './page';
import { ImageWriter } from './writer';

interface Entry {
  readonly key: Buffer;
  readonly image: Buffer | undefined;
}

const entry = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 12 }).map(bytes => Buffer.from(bytes)),
  image: fc.option(
    fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 5, max: 900 }) },
      // Longer than a page, and than the writer's chunk.
      { weight: 1, arbitrary: fc.constantFrom(32_768, 70_000, 1_100_000) }
    ),
    { nil: undefined, freq: 9 }
  )
});

/** In short: comparing long buffers by `expect` takes longer than reading them. */
const short = (entries: readonly Entry[]) =>
  entries.map(({ key, image }) => `${key.toString('hex')} ${image && `${image.length} ${crc32c(image)}`}`);

function sortedEntries(drawn: readonly { key: Buffer; image: number | undefined }[]): Entry[] {
  const byKey = new Map(
    drawn.map(({ key, image }) => [
      key.toString('latin1'),
      { key, image: image === undefined ? undefined : Buffer.alloc(image, key[0]) }
    ])
  );
  return [...byKey.values()].sort((a, b) => Buffer.compare(a.key, b.key));
}

describe('an image file', () => {
  let directory: string;
  let files = 0;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'argon-image-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  async function write(entries: readonly Entry[]): Promise<string> {
    const path = join(directory, `${files++}.img`);
    const writer = new ImageWriter(path, KIND_BASE);
    for (const { key, image } of entries) {
      writer.add(key, image);
    }
    const facts = await writer.finish();
    expect(facts).toMatchObject({ entries: entries.length, bytes: readFileSync(path).length });
    return path;
  }

  function read(file: ImageFile): Entry[] {
    const found: Entry[] = [];
    for (let i = 0; i < file.pages; i++) {
      const page = file.page(i);
      for (let at = 0; at < page.entries; at++) {
        const image = page.image(at);
        found.push({
          key: Buffer.from(page.keyText(at), 'latin1'),
          image: image.length === 0 ? undefined : image
        });
      }
    }
    return found;
  }

  function lowerBound(file: ImageFile, text: string): [Page, number] | undefined {
    for (let i = file.pageOf(text); i < file.pages; i++) {
      const page = file.page(i);
      const at = page.lowerBound(text);
      if (at < page.entries) {
        return [page, at];
      }
    }
    return undefined;
  }

  it('gives back what was written, in order, and finds every key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 400 }),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { maxLength: 20 }),
        async (drawn, others) => {
          const entries = sortedEntries(drawn);
          const wanted = short(entries);
          const file = ImageFile.open(await write(entries), KIND_BASE);
          expect(short(read(file))).toEqual(wanted);
          for (const key of [...entries.map(each => each.key), ...others.map(each => Buffer.from(each))]) {
            const expected = entries.find(each => Buffer.compare(each.key, key) >= 0);
            const found = lowerBound(file, key.toString('latin1'));
            expect(found && found[0].keyText(found[1])).toBe(expected?.key.toString('latin1'));
          }
          expect([...file.verify()].length).toBe(file.pages);
          // Copied in stretches it is the same file.
          const path = join(directory, `${files++}.img`);
          const writer = new ImageWriter(path, KIND_BASE);
          for (let i = 0; i < file.pages; i++) {
            const page = file.page(i);
            const middle = page.entries >> 1;
            writer.addRange(page, 0, middle);
            writer.addRange(page, middle, page.entries);
          }
          await writer.finish();
          const copy = ImageFile.open(path, KIND_BASE);
          expect([copy.pages, crc32c(readFileSync(path))]).toEqual([
            file.pages,
            crc32c(readFileSync(join(directory, `${files - 2}.img`)))
          ]);
          copy.close();
          file.close();
        }
      ),
      { seed: 20_260_707, numRuns: 25 }
    );
  });

  it('is refused or a page of it is, whatever bit has flipped', async () => {
    const entries = Array.from({ length: 900 }, (_, i) => ({
      key: Buffer.from([i >> 8, i & 0xff]),
      image: Buffer.alloc(60, i)
    }));
    const wanted = short(entries);
    const path = await write(entries);
    const good = readFileSync(path);
    const units = good.length / 4096;
    let noticed = 0;
    let harmless = 0;
    for (let n = 0; n < 200; n++) {
      const bad = Buffer.from(good);
      const at = (n * 2_654_435_761) % good.length;
      bad[at]! ^= 1 << (n % 8);
      writeFileSync(path, bad);
      try {
        const file = ImageFile.open(path, KIND_BASE);
        try {
          expect(short(read(file))).toEqual(wanted);
          harmless++;
        } finally {
          file.close();
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'DATA_CORRUPT' });
        noticed++;
      }
    }
    // Only padding between pages may change without harm.
    expect(units).toBeGreaterThan(10);
    expect(noticed).toBeGreaterThan(150);
    expect(noticed + harmless).toBe(200);
  });

  it('is refused when it is cut short, of another kind or missing', async () => {
    const path = await write([{ key: Buffer.from('a'), image: Buffer.alloc(10) }]);
    const good = readFileSync(path);
    expect(() => ImageFile.open(path, KIND_RUN)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
    for (const length of [0, 10, 4096, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length));
      expect(() => ImageFile.open(path, KIND_BASE)).toThrow(
        expect.objectContaining({ code: 'DATA_CORRUPT' })
      );
    }
    rmSync(path);
    expect(() => ImageFile.open(path, KIND_BASE)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
  });

  it('keys of versions sort by document, then newest first', () => {
    const lsns = [1, 2, 255, 256, 2 ** 24, 2 ** 31, 2 ** 40, 2 ** 48 - 1];
    const texts = lsns.map(lsn => versionText('doc', lsn));
    expect([...texts].sort()).toEqual([...texts].reverse());
    expect(texts.map(text => versionLsn(Buffer.from(text, 'latin1'), text.length))).toEqual(lsns);
  });
});
