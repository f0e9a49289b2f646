import fc from 'fast-check';
import type { CollectionId, CommitTime, Lsn, ProjectId, TimelineId } from '../api';
import {
  type ChangeRecord,
  type ChangeSection,
  type ControlRecord,
  decodeFrame,
  decodePart,
  type Frame,
  FRAME_HEADER_BYTES,
  frameSizeAt,
  type GroupSection,
  isPart,
  kindCode,
  kindOf,
  type LsnSpan,
  OP_DELETE,
  OP_INSERT,
  OP_UPDATE,
  writeFrame,
  writePart
} from './frame';
import { ByteWriter } from './bytes';
import { decodeLine, encodeLine } from './line';
import { LINE_VALUE_BYTES_MAX } from '../limits';

/** A frame behind another: what it holds does not depend on where it begins. */
function encoded(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(64);
  out.raw(Buffer.alloc(13, 9));
  write(out);
  return out.done().subarray(13);
}

function encodeFrame(frame: Frame, durable: number): Buffer {
  return encoded(out => writeFrame(out, frame, durable));
}

function encodePart(part: ChangeSection, at: CommitTime, durable: number): Buffer {
  return encoded(out => writePart(out, part, at, durable));
}

const id = fc.integer({ min: 0, max: 0xffffffff });
const position = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map(value => Buffer.from(value));
const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => value as CommitTime);

const record: fc.Arbitrary<ChangeRecord> = fc
  .record({
    collection: id.map(value => value as CollectionId),
    op: fc.constantFrom(OP_INSERT, OP_UPDATE, OP_DELETE),
    key: fc.oneof(
      { weight: 9, arbitrary: bytes(40) },
      { weight: 1, arbitrary: fc.constant(Buffer.alloc(900, 7)) }
    ),
    previous: position.map(value => value as Lsn),
    // No document is shorter than five bytes.
    image: fc.uint8Array({ minLength: 5, maxLength: 300 }).map(value => Buffer.from(value))
  })
  .map(({ image, ...rest }) => ({ ...rest, image: rest.op === OP_DELETE ? undefined : image, imageAt: 0 }));

const section: fc.Arbitrary<ChangeSection> = fc
  .record({
    project: id.map(value => value as ProjectId),
    timeline: id.map(value => value as TimelineId),
    firstLsn: fc.integer({ min: 1, max: 2 ** 40 }).map(value => value as Lsn),
    atomic: fc.boolean(),
    kind: fc.constantFrom(
      'writes' as const,
      'catalog' as const,
      'merge' as const,
      'undo' as const,
      'import' as const
    ),
    origin: id,
    txn: fc.string(),
    records: fc.array(record, { minLength: 1, maxLength: 80 })
  })
  .map(made => ({
    ...made,
    group: { first: made.firstLsn, last: (made.firstLsn + made.records.length - 1) as Lsn }
  }));

const group: fc.Arbitrary<GroupSection> = fc
  .record({
    head: section,
    parts: fc.array(
      fc.record({ segment: id, offset: position, length: id, count: fc.integer({ min: 1, max: 50_000 }) }),
      { minLength: 1, maxLength: 5 }
    )
  })
  .map(({ head: { records: _, ...head }, parts }) => {
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    const span = { first: head.firstLsn, last: (head.firstLsn + count - 1) as Lsn };
    return { ...head, count, parts, group: span };
  });

/** Sections of one atomic commit: their group is that of all of their project. */
function together(made: Frame): Frame {
  const all = [...made.changes.map(item => ({ ...item, count: item.records.length })), ...made.groups];
  const groupOf = (item: { project: ProjectId; atomic: boolean; group: LsnSpan }) => {
    const others = all.filter(({ project, atomic }) => atomic && project === item.project);
    return item.atomic
      ? {
          first: Math.min(...others.map(({ firstLsn }) => firstLsn)) as Lsn,
          last: Math.max(...others.map(({ firstLsn, count }) => firstLsn + count - 1)) as Lsn
        }
      : item.group;
  };
  return {
    ...made,
    changes: made.changes.map(item => ({ ...item, group: groupOf(item) })),
    groups: made.groups.map(item => ({ ...item, group: groupOf(item) }))
  };
}

const control: fc.Arbitrary<ControlRecord> = fc.record({
  table: fc.integer({ min: 0, max: 255 }),
  scope: id,
  key: bytes(30),
  value: fc.option(bytes(100), { nil: undefined })
});

const frame: fc.Arbitrary<Frame> = fc
  .record({
    time,
    changes: fc.array(section, { maxLength: 3 }),
    groups: fc.array(group, { maxLength: 2 }),
    control: fc.array(control, { maxLength: 4 })
  })
  .map(together);

describe('a frame', () => {
  it('comes back as it went, and images lie where it says', () => {
    fc.assert(
      fc.property(frame, position, (made, durable) => {
        const encoded = encodeFrame(made, durable);
        expect(frameSizeAt(encoded, 0)).toBe(encoded.length);
        expect(decodeFrame(encoded)).toEqual(made);
        for (const { image, imageAt } of made.changes.flatMap(({ records }) => records)) {
          if (image !== undefined) {
            expect(encoded.subarray(imageAt, imageAt + image.length).equals(image)).toBe(true);
          }
        }
      })
    );
  });

  it('is found between other bytes, and not when a bit of it is wrong or a byte of it missing', () => {
    fc.assert(
      fc.property(frame, bytes(20), fc.nat(), fc.nat(), (made, before, bit, cut) => {
        const encoded = encodeFrame(made, 20);
        const framed = Buffer.concat([before, encoded, Buffer.alloc(9, 1)]);
        expect(frameSizeAt(framed, before.length)).toBe(encoded.length);
        const torn = encoded.subarray(0, cut % encoded.length);
        expect(frameSizeAt(torn, 0)).toBeUndefined();
        // A wrong length may only ask for other bytes, whose checksum then does not fit.
        const wrong = Buffer.from(encoded);
        wrong[(bit >> 3) % wrong.length]! ^= 1 << (bit & 7);
        expect(frameSizeAt(wrong, 0)).toBeUndefined();
      })
    );
  });

  it('may hold nothing, and still is one', () => {
    const empty = encodeFrame({ time: 0n as CommitTime, changes: [], groups: [], control: [] }, 1);
    expect(frameSizeAt(empty, 0)).toBe(FRAME_HEADER_BYTES + 11);
    expect(decodeFrame(empty)).toEqual({ time: 0n, changes: [], groups: [], control: [] });
  });

  it('keeps the codes of its kinds', () => {
    const kinds = ['writes', 'catalog', 'merge', 'undo', 'import', 'pick', 'restore'] as const;
    expect(kinds.map(kindCode)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(kinds.map(kind => kindOf(kindCode(kind)))).toEqual(kinds);
  });
});

describe('a part of a large commit', () => {
  it('gets its LSNs from the group that names it, and is no other part', () => {
    fc.assert(
      fc.property(section, group, position, fc.nat(), (made, named, durable, at) => {
        const part = { ...made, timeline: named.timeline, firstLsn: at as Lsn };
        const records = part.records.map((item, i) =>
          i % 2 === 0 ? item : { ...item, previous: (at + i - 1) as Lsn, isOwn: true as const }
        );
        const encoded = encodePart({ ...part, records }, 7n as CommitTime, durable);
        expect(frameSizeAt(encoded, 0)).toBe(encoded.length);
        expect(isPart(encoded)).toBe(true);
        const decoded = decodePart(encoded, named, at);
        const { count: _, parts: __, ...head } = named;
        expect(decoded).toEqual({
          ...head,
          firstLsn: named.firstLsn + at,
          records: records.map(({ isOwn, ...item }) =>
            isOwn === true ? { ...item, previous: named.firstLsn + item.previous } : item
          )
        });
        expect(() => decodePart(encoded, named, at + 1)).toThrow(RangeError);
        expect(
          isPart(encodeFrame({ time: 7n as CommitTime, changes: [made], groups: [], control: [] }, 9))
        ).toBe(false);
      })
    );
  });
});

describe('rows of line', () => {
  it('tell of a section all but the images, each row within its size', () => {
    fc.assert(
      fc.property(section, time, position, fc.nat(), (made, at, offset, ordinal) => {
        encodeFrame({ time: at, changes: [made], groups: [], control: [] }, 20);
        const place = { segment: 3, offset };
        const rows = encodeLine(made, at, place, ordinal);
        expect(rows.every(({ value }) => value.length <= LINE_VALUE_BYTES_MAX || made.txn.length > 20)).toBe(
          true
        );
        const decoded = rows.map(({ firstLsn, value }) => decodeLine(firstLsn, value));
        const last = made.firstLsn + made.records.length - 1;
        let next = 0;
        for (const row of decoded) {
          expect(row).toMatchObject({
            firstLsn: made.firstLsn + next,
            ordinal: ordinal + next,
            time: at,
            kind: made.kind,
            atomic: made.atomic,
            origin: made.origin,
            txn: made.txn,
            groupFirst: made.firstLsn,
            groupLast: last
          });
          expect(row.records).toHaveLength(row.count);
          next += row.count;
        }
        expect(decoded.flatMap(({ records }) => records)).toEqual(
          made.records.map(({ collection, op, previous, key, image, imageAt }, i) => ({
            lsn: made.firstLsn + i,
            collection,
            op,
            previous,
            key,
            image: image && { segment: 3, offset: offset + imageAt, length: image.length }
          }))
        );
      })
    );
  });
});
