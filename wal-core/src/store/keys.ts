import type { CollectionId, DocKey, IndexId, Lsn, ProjectId, TimelineId } from '../api';

/*
 * Keys of the state. All integers are big-endian, so that memcmp order is numeric order;
 * `~lsn` is the complement, so that the newest version comes first.
 */
const LSN_BYTES = 6;
const LSN_TOP = 2 ** 48 - 1;

function writeLsn(key: Buffer, lsn: number, at: number): void {
  key.writeUIntBE(lsn, at, LSN_BYTES);
}

/** `line [timeline u32][firstLsn u48]` */
export function lineKey(timeline: TimelineId, lsn: number): Buffer {
  const key = Buffer.allocUnsafe(4 + LSN_BYTES);
  key.writeUInt32BE(timeline, 0);
  writeLsn(key, lsn, 4);
  return key;
}

export function lineKeyLsn(key: Buffer): Lsn {
  return key.readUIntBE(4, LSN_BYTES) as Lsn;
}

/** `ver [timeline u32][collection u32][docKey][~lsn u48]` */
export function verKey(timeline: TimelineId, collection: CollectionId, docKey: DocKey, lsn: number): Buffer {
  const key = Buffer.allocUnsafe(8 + docKey.length + LSN_BYTES);
  key.writeUInt32BE(timeline, 0);
  key.writeUInt32BE(collection, 4);
  docKey.copy(key, 8);
  writeLsn(key, LSN_TOP - lsn, 8 + docKey.length);
  return key;
}

/** A pair of keys that is written anew for each search. */
interface Search {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** By the length of the docKey; most are short. */
const searches: (Search | undefined)[] = [];
const SEARCH_DOC_KEY_BYTES_MAX = 64;

function searchOf(length: number): Search {
  const known = searches[length];
  if (known !== undefined) {
    return known;
  }
  const bytes = 8 + length + LSN_BYTES;
  const made = { from: Buffer.alloc(bytes), to: Buffer.alloc(bytes, 0xff) };
  if (length <= SEARCH_DOC_KEY_BYTES_MAX) {
    searches[length] = made;
  }
  return made;
}

/**
 * Where the newest version up to `lsn` of a document lies in `ver`: in `[from, to)`. Both are good until the next
 * call, so that a read makes no keys.
 */
export function verSearch(
  timeline: TimelineId,
  collection: CollectionId,
  docKey: DocKey,
  lsn: number
): Search {
  const { length } = docKey;
  const search = searchOf(length);
  const { from, to } = search;
  from[0] = to[0] = timeline >>> 24;
  from[1] = to[1] = timeline >>> 16;
  from[2] = to[2] = timeline >>> 8;
  from[3] = to[3] = timeline;
  from[4] = to[4] = collection >>> 24;
  from[5] = to[5] = collection >>> 16;
  from[6] = to[6] = collection >>> 8;
  from[7] = to[7] = collection;
  if (length > SEARCH_DOC_KEY_BYTES_MAX) {
    from.set(docKey, 8);
    to.set(docKey, 8);
  } else {
    for (let i = 0; i < length; i++) {
      from[8 + i] = to[8 + i] = docKey[i]!;
    }
  }
  const rest = LSN_TOP - lsn;
  const high = Math.floor(rest / 2 ** 24);
  const at = 8 + length;
  from[at] = high >>> 16;
  from[at + 1] = high >>> 8;
  from[at + 2] = high;
  from[at + 3] = rest >>> 16;
  from[at + 4] = rest >>> 8;
  from[at + 5] = rest;
  return search;
}

/** First key of a collection on a timeline; with `past`, the first key after all of them. */
export function verBound(timeline: TimelineId, collection: number, past = false): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(timeline, 0);
  key.writeUInt32BE(past ? collection + 1 : collection, 4);
  return key;
}

export function verKeyDoc(key: Buffer): DocKey {
  return key.subarray(8, key.length - LSN_BYTES);
}

export function verKeyLsn(key: Buffer): Lsn {
  return (LSN_TOP - key.readUIntBE(key.length - LSN_BYTES, LSN_BYTES)) as Lsn;
}

/** `idx [timeline u32][index u32][KeyString][docKey]` */
export function idxKey(timeline: TimelineId, index: IndexId, keyString: Buffer, docKey: DocKey): Buffer {
  const key = Buffer.allocUnsafe(8 + keyString.length + docKey.length);
  key.writeUInt32BE(timeline, 0);
  key.writeUInt32BE(index, 4);
  keyString.copy(key, 8);
  docKey.copy(key, 8 + keyString.length);
  return key;
}

/** Prefix of an index on a timeline, with the start of a KeyString. */
export function idxBound(timeline: TimelineId, index: number, keyString: Buffer): Buffer {
  return Buffer.concat([u32(timeline), u32(index), keyString]);
}

/**
 * `idxh [timeline u32][index u32][level u8][block u48][KeyString][docKey][~to u48]`: a dead entry
 * with the life [from, to) lies in the smallest aligned block of 2^level LSNs that holds both ends.
 */
export function idxhBound(
  timeline: TimelineId,
  index: number,
  level: number,
  block: number,
  rest: Buffer
): Buffer {
  const head = Buffer.allocUnsafe(9 + LSN_BYTES);
  head.writeUInt32BE(timeline, 0);
  head.writeUInt32BE(index, 4);
  head[8] = level;
  writeLsn(head, block, 9);
  return Buffer.concat([head, rest]);
}

export function idxhKey(
  timeline: TimelineId,
  index: IndexId,
  keyString: Buffer,
  docKey: DocKey,
  from: number,
  to: number
): Buffer {
  const level = dyadicLevel(from, to);
  const end = Buffer.allocUnsafe(LSN_BYTES);
  writeLsn(end, LSN_TOP - to, 0);
  return idxhBound(
    timeline,
    index,
    level,
    Math.floor(to / 2 ** level),
    Buffer.concat([keyString, docKey, end])
  );
}

export const IDXH_PREFIX_BYTES = 9 + LSN_BYTES;

export function idxhKeyTo(key: Buffer): Lsn {
  return (LSN_TOP - key.readUIntBE(key.length - LSN_BYTES, LSN_BYTES)) as Lsn;
}

export const IDXH_SUFFIX_BYTES = LSN_BYTES;

/** Smallest level; shorter lives share its blocks. */
export const DYADIC_LEVEL_MIN = 10;

/** Level of the smallest aligned block of 2^k LSNs, k ≥ 10, that holds both ends. */
export function dyadicLevel(from: number, to: number): number {
  let level = DYADIC_LEVEL_MIN;
  while (Math.floor(from / 2 ** level) !== Math.floor(to / 2 ** level)) {
    level++;
  }
  return level;
}

/** `img [timeline u32][collection u32][~lsn u48][kind u8]` */
export function imgKey(timeline: TimelineId, collection: CollectionId, lsn: number, kind: number): Buffer {
  const key = Buffer.allocUnsafe(9 + LSN_BYTES);
  key.writeUInt32BE(timeline, 0);
  key.writeUInt32BE(collection, 4);
  writeLsn(key, LSN_TOP - lsn, 8);
  key[8 + LSN_BYTES] = kind;
  return key;
}

export function imgKeyParts(key: Buffer): {
  timeline: TimelineId;
  collection: CollectionId;
  lsn: Lsn;
  kind: number;
} {
  return {
    timeline: key.readUInt32BE(0) as TimelineId,
    collection: key.readUInt32BE(4) as CollectionId,
    lsn: (LSN_TOP - key.readUIntBE(8, LSN_BYTES)) as Lsn,
    kind: key[8 + LSN_BYTES]!
  };
}

const NO_BYTES = Buffer.alloc(0);

/** `meta [table u8][scope u32][key]` */
export function metaKey(table: number, scope: number, key: Buffer = NO_BYTES): Buffer {
  const head = Buffer.allocUnsafe(5);
  head[0] = table;
  head.writeUInt32BE(scope, 1);
  return key.length === 0 ? head : Buffer.concat([head, key]);
}

export const META_PREFIX_BYTES = 5;

/** Key of a commit row inside its project: `[last LSN u48]`. */
export function commitKey(project: ProjectId, lastLsn: number): Buffer {
  const key = Buffer.allocUnsafe(META_PREFIX_BYTES + LSN_BYTES);
  key[0] = TABLE.commit;
  key.writeUInt32BE(project, 1);
  writeLsn(key, lastLsn, META_PREFIX_BYTES);
  return key;
}

export function commitKeyLsn(key: Buffer): Lsn {
  return key.readUIntBE(META_PREFIX_BYTES, LSN_BYTES) as Lsn;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

/** An LSN as the key of a row: six bytes, big-endian. */
export function lsnBytes(lsn: number): Buffer {
  const bytes = Buffer.allocUnsafe(LSN_BYTES);
  writeLsn(bytes, lsn, 0);
  return bytes;
}

/** The first key after every key that starts with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i]! < 0xff) {
      end[i]!++;
      return end.subarray(0, i + 1);
    }
  }
  return Buffer.alloc(1979, 0xff);
}

/** Tables inside `meta`. The first group is written in the log as control records: numbers are for ever. */
export const TABLE = {
  project: 1,
  timeline: 2,
  branch: 3,
  pin: 4,
  run: 5,
  plan: 6,
  value: 7,
  retry: 8,
  origin: 9,
  collectionName: 10,
  merge: 11,
  note: 12,
  /** What garbage collection left of a timeline, and of a project's commit times. */
  kept: 20,
  timesGone: 21,
  retention: 22,
  /** The next ids of projects and timelines, noted when those before may be forgotten. */
  nextIds: 23,
  /** Derived while the log is applied. */
  timelineStat: 32,
  collectionStat: 33,
  commit: 34,
  applied: 35,
  format: 36,
  multikey: 37,
  /** How far garbage collection has come. */
  sweep: 38,
  /** Bytes of a log segment that nothing needs any more. */
  dead: 39
} as const;
