import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageFile } from './file';
import { KIND_BASE, versionText } from './format';
import { compareRanked, TextRank } from './rank';
import { ImageWriter } from './writer';

/** Keys of which none is the beginning of another, as docKeys are: any bytes but 0 and 255, and an end. */
const key = fc
  .oneof(
    fc.array(fc.constantFrom(1, 2, 254), { maxLength: 14 }),
    fc.array(fc.integer({ min: 1, max: 254 }), { maxLength: 30 }),
    // Long ones that differ behind what a rank holds.
    fc.array(fc.constantFrom(7, 8), { maxLength: 4 }).map(end => [...new Array<number>(12).fill(9), ...end])
  )
  .chain(bytes => fc.constantFrom(0, 255).map(end => Buffer.from([...bytes, end])));

function ranked(bytes: Buffer): TextRank {
  const made = new TextRank();
  made.show(bytes.toString('latin1'));
  return made;
}

describe('ranks', () => {
  it('are ordered like the bytes they stand for', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 2, maxLength: 40 }), keys => {
        for (const [i, left] of keys.entries()) {
          const right = keys[(i + 1) % keys.length]!;
          const order = compareRanked(ranked(left), ranked(right));
          expect(Math.sign(order)).toBe(Buffer.compare(left, right));
        }
      })
    );
  });

  it('find the same place in a page as a look at every entry does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'argon-rank-'));
    let files = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { selector: String, minLength: 1 }),
          fc.array(key),
          async (drawn, others) => {
            const keys = drawn.toSorted(Buffer.compare);
            const path = join(directory, `${files++}.img`);
            const writer = new ImageWriter(path, KIND_BASE);
            for (const [i, each] of keys.entries()) {
              writer.add(Buffer.from(versionText(each.toString('latin1'), i), 'latin1'), Buffer.from([1]));
            }
            await writer.finish();
            const file = ImageFile.open(path, KIND_BASE);
            const page = file.page(0);
            expect(page.entries).toBe(keys.length);
            for (const each of [...keys, ...others]) {
              const place = keys.findIndex(other => Buffer.compare(other, each) >= 0);
              const wanted = place < 0 ? keys.length : place;
              for (const low of [0, wanted >> 1, wanted]) {
                expect(page.gallopRanked(ranked(each), low)).toBe(wanted);
              }
              if (wanted < keys.length) {
                expect(page.compareRanked(wanted, ranked(each)) === 0).toBe(keys[wanted]!.equals(each));
              }
            }
            file.close();
          }
        )
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
