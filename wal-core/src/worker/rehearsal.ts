import { documentOf } from '../bson';
import { LSN_SUFFIX_BYTES, PAGE_HEADER_BYTES } from '../image/format';
import { Page } from '../image/page';
import { compileFilter, compilePipeline, type PipelineContext } from '../query';
import { bool, date, double, int32, object, string } from '../query/values';
import { Matches, tallied, testBy } from './matches';

/*
 * The loops that a long read spends its time in are slow until the engine of JavaScript has compiled them, and again
 * when the second question differs from the first: a hundred thousand documents take four times as long then. A worker
 * with nothing to do rehearses with documents of its own.
 */

const ENTRIES = 128;
const PAGES_A_ROUND = 32;
/** From about the tenth question on nothing is compiled any more. */
const ROUNDS = 14;

const doc = (fields: Readonly<Record<string, { readonly type: number; readonly bytes: Buffer }>>): Buffer =>
  documentOf(Object.entries(fields).map(([name, value]) => ({ ...value, name })));

const KINDS = ['free', 'pro', 'team'];

function documentNumber(i: number): Buffer {
  return doc({
    _id: int32(i),
    name: string(`number ${i}`),
    kind: string(KINDS[i % 3]!),
    score: i % 5 === 0 ? double(i / 2) : int32(i * 7),
    active: bool(i % 2 === 0),
    made: date(BigInt(i) * 1_000n)
  });
}

const FILTERS = [
  doc({ active: bool(true), kind: string('pro') }),
  doc({ score: object(doc({ $gte: int32(100), $lt: int32(700) })) }),
  doc({ active: bool(true) })
];

const GROUPS = [
  object(doc({ _id: int32(1), n: object(doc({ $sum: int32(1) })) })),
  object(
    doc({
      _id: string('$kind'),
      n: object(doc({ $sum: int32(1) })),
      mean: object(doc({ $avg: string('$score') })),
      most: object(doc({ $max: string('$made') }))
    })
  )
].map(group => doc({ $group: group }));

const CONTEXT: PipelineContext = {
  collection: () => {
    throw new Error('a rehearsal reads no collection');
  }
};

/** Questions asked of a page, each time compiled anew. Answers how many documents matched, round by round. */
export class Rehearsal {
  private page: Page | undefined;
  private rounds = 0;

  get isOver(): boolean {
    return this.rounds >= ROUNDS;
  }

  /** One question: takes a few milliseconds at first, then less than one. */
  round(): number {
    const at = this.rounds++;
    const page = (this.page ??= pageOf(Array.from({ length: ENTRIES }, (_, i) => documentNumber(i))));
    const filter = compileFilter(FILTERS[at % FILTERS.length]!);
    const tally = compilePipeline([GROUPS[at % GROUPS.length]!]).tally(CONTEXT)!;
    const matches = new Matches(testBy(filter), tallied(tally));
    for (let i = 0; i < PAGES_A_ROUND; i++) {
      matches.take(page, 0, page.entries);
    }
    return matches.matched;
  }
}

/** A page as image files have them; see `image/format.ts`. */
function pageOf(images: readonly Buffer[]): Page {
  const keyBytes = 4 + LSN_SUFFIX_BYTES;
  const keysAt = PAGE_HEADER_BYTES + images.length * 8;
  const imagesAt = keysAt + images.length * keyBytes;
  const used = images.reduce((sum, { length }) => sum + length, imagesAt);
  const bytes = Buffer.alloc(used);
  bytes.writeUInt32LE(used, 4);
  bytes.writeUInt32LE(images.length, 8);
  let end = imagesAt;
  images.forEach((image, i) => {
    bytes.writeUInt32BE(i, keysAt + i * keyBytes);
    bytes.writeUInt32LE(keysAt + (i + 1) * keyBytes, PAGE_HEADER_BYTES + i * 4);
    image.copy(bytes, end);
    end += image.length;
    bytes.writeUInt32LE(end, PAGE_HEADER_BYTES + (images.length + i) * 4);
  });
  return new Page(bytes, true);
}
