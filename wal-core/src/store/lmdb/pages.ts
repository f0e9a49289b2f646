import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * How LMDB's data format 2 lies on disk, as far as a check of the file needs it: little endian, pages of 4 kB.
 *
 *   page     [number u64][txn u64][pad u16][flags u16][lower u16][upper u16][node places u16 …] … [nodes]
 *   node     [lo u16][hi u16][flags u16][key length u16][key][value]     lo, hi: value length; in a branch with flags: page
 *   tree     [pad u32][flags u16][depth u16][branch pages u64][leaf pages u64][overflow pages u64][entries u64][root u64]
 *   meta     [page header][magic u32][version u32][address u64][map bytes u64][tree of free pages][main tree][last page u64][txn u64]
 *
 * `lower`, `upper` and the places of nodes count from the end of the page's header.
 */

export const PAGE_BYTES = 4096;
export const HEADER_BYTES = 24;
const BODY_BYTES = PAGE_BYTES - HEADER_BYTES;
const NODE_BYTES = 8;

export const BRANCH = 0x01;
export const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;

/** Flags of nodes in leaves: the value lies on pages of its own; the value is a tree. */
export const BIG = 0x01;
export const TREE = 0x02;

const TREE_BYTES = 48;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** A meta that may be newer than what is on disk; `flushed` metas lack it. */
const UNFLUSHED = 0x1000;
const META_FLAGS = 0x0808;

/** Pages 0 and 1 are metas, of even and of odd transactions; lmdb-js keeps that of the last flush in the second half of page 0. */
export const META_PAGES = 2;
const FLUSHED_PLACE = PAGE_BYTES / 2;

/**
 * The last page of a meta may lie beyond the file: pages that a transaction took and gave back are never written. Not by
 * more than as much again and this: half a gigabyte of them.
 */
const PAGES_AHEAD_MAX = 131_072;

/** Why a file is damaged. */
export class PageDamage extends Error {}

export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined: the tree is empty. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly txn: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

/** What no meta of a file says. */
interface Limits {
  /** What every meta says of the map. */
  readonly mapBytes: number;
  /** Its last page has a smaller number. */
  readonly pagesMax: number;
}

/** One entry of a page; the bytes are views that the next page overwrites. */
export interface Node {
  readonly flags: number;
  readonly key: Buffer;
  readonly value: Buffer;
  /** The page that it points to, in a branch. */
  readonly child: number;
}

/** How many pages a value needs that has pages of its own. */
export function overflowPages(length: number): number {
  return Math.ceil((HEADER_BYTES + length) / PAGE_BYTES);
}

/** A number that fits; one that does not was damaged. */
function whole(bytes: Buffer, at: number, what: string): number {
  const high = bytes.readUInt32LE(at + 4);
  if (high >= 1 << 21) {
    throw new PageDamage(`${what} is too large.`);
  }
  return high * 2 ** 32 + bytes.readUInt32LE(at);
}

function readTree(bytes: Buffer, what: string): Tree {
  if (bytes.length !== TREE_BYTES) {
    throw new PageDamage(`${what} is not described.`);
  }
  const isEmpty = bytes.readBigUInt64LE(40) === 0xffff_ffff_ffff_ffffn;
  return {
    flags: bytes.readUInt16LE(4),
    depth: bytes.readUInt16LE(6),
    branchPages: whole(bytes, 8, `The number of branch pages of ${what}`),
    leafPages: whole(bytes, 16, `The number of leaf pages of ${what}`),
    overflowPages: whole(bytes, 24, `The number of overflow pages of ${what}`),
    entries: whole(bytes, 32, `The number of entries of ${what}`),
    root: isEmpty ? undefined : whole(bytes, 40, `The root of ${what}`)
  };
}

/** A tree as all but that of the free pages are: keys are bytes in order, each with one value. */
export function readPlainTree(bytes: Buffer, what: string): Tree {
  const tree = readTree(bytes, what);
  if (tree.flags !== 0) {
    throw new PageDamage(`The order of ${what} is another one.`);
  }
  return tree;
}

/** Reads pages of a file of LMDB and refuses what no page can be. */
export class PageFile {
  private readonly fd: number;

  constructor(path: string) {
    this.fd = openSync(path, 'r');
  }

  get bytes(): number {
    return fstatSync(this.fd).size;
  }

  close(): void {
    closeSync(this.fd);
  }

  /**
   * The meta with which LMDB begins: that of the last flush, or, when there was none, the newer of the two.
   * @throws PageDamage
   */
  firstMeta(mapBytes: number): Meta {
    const pages = this.metaPages();
    const limits = this.limits(mapBytes);
    const newer = newerOf(pages, limits);
    const flushed = readMeta(pages, FLUSHED_PLACE, limits);
    // What is newer than the last flush is taken back; what is as new is used in the place of the flushed one.
    if (
      flushed !== undefined &&
      (newer.txn === flushed.txn ? !isSame(newer, flushed) : newer.txn < flushed.txn)
    ) {
      throw new PageDamage('The meta of the last flush is not that of its transaction.');
    }
    return flushed ?? newer;
  }

  /** The newest meta of a file in use. @throws PageDamage */
  newestMeta(mapBytes: number): Meta {
    let pages = this.metaPages();
    for (;;) {
      // One that is being written may be read in part, but not twice the same.
      const again = this.metaPages();
      if (again.equals(pages)) {
        return newerOf(pages, this.limits(mapBytes));
      }
      pages = again;
    }
  }

  private limits(mapBytes: number): Limits {
    const pagesMax = Math.floor(this.bytes / PAGE_BYTES) * 2 + PAGES_AHEAD_MAX;
    return { mapBytes, pagesMax: Math.min(pagesMax, mapBytes / PAGE_BYTES) };
  }

  private metaPages(): Buffer {
    const pages = Buffer.alloc(META_PAGES * PAGE_BYTES);
    this.fill(pages, 0);
    return pages;
  }

  /**
   * A page of a tree, whose nodes lie where they may.
   * @throws PageDamage
   */
  page(number: number, kind: typeof BRANCH | typeof LEAF, lastTxn: number, into: Buffer): Node[] {
    this.fill(into, number * PAGE_BYTES);
    checkHeader(into, number, kind, lastTxn);
    const lower = into.readUInt16LE(20);
    const upper = into.readUInt16LE(22);
    if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > BODY_BYTES) {
      throw new PageDamage(`Page ${number} has no free space where it must.`);
    }
    const nodes: Node[] = [];
    for (let place = HEADER_BYTES; place < HEADER_BYTES + lower; place += 2) {
      const at = into.readUInt16LE(place);
      if (at < upper || at + NODE_BYTES > BODY_BYTES) {
        throw new PageDamage(`Page ${number} has a node outside.`);
      }
      nodes.push(readNode(into, HEADER_BYTES + at, kind, number));
    }
    return nodes;
  }

  /** Pages that lie one behind another and hold one value; their bytes. @throws PageDamage */
  overflow(number: number, pages: number, length: number, lastTxn: number): Buffer {
    if ((number + pages) * PAGE_BYTES > this.bytes) {
      throw new PageDamage(`The pages from ${number} on lie beyond the file.`);
    }
    const bytes = Buffer.alloc(pages * PAGE_BYTES);
    this.fill(bytes, number * PAGE_BYTES);
    checkHeader(bytes, number, OVERFLOW, lastTxn);
    if (bytes.readUInt32LE(20) !== pages || HEADER_BYTES + length > bytes.length) {
      throw new PageDamage(`Page ${number} begins ${bytes.readUInt32LE(20)} pages and not ${pages}.`);
    }
    return bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  }

  private fill(into: Buffer, position: number): void {
    if (readSync(this.fd, into, 0, into.length, position) < into.length) {
      throw new PageDamage(`The file ends before byte ${position + into.length}.`);
    }
  }
}

function checkHeader(page: Buffer, number: number, kind: number, lastTxn: number): void {
  if (page.readUInt16LE(18) !== kind || whole(page, 0, 'A page number') !== number) {
    throw new PageDamage(`Page ${number} is of another kind or place.`);
  }
  if (whole(page, 8, `The transaction of page ${number}`) > lastTxn) {
    throw new PageDamage(`Page ${number} is newer than the last transaction.`);
  }
}

function readNode(page: Buffer, at: number, kind: number, number: number): Node {
  const low = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 2 ** 16;
  const flags = page.readUInt16LE(at + 4);
  const keyEnd = at + NODE_BYTES + page.readUInt16LE(at + 6);
  const valueBytes = kind === BRANCH ? 0 : (flags & BIG) !== 0 ? 24 : low;
  if (keyEnd + valueBytes > PAGE_BYTES) {
    throw new PageDamage(`Page ${number} has a node that is too long.`);
  }
  return {
    flags,
    key: page.subarray(at + NODE_BYTES, keyEnd),
    value: page.subarray(keyEnd, keyEnd + valueBytes),
    child: kind === BRANCH ? low + flags * 2 ** 32 : low
  };
}

function isSame(a: Meta, b: Meta): boolean {
  const isSameTree = (one: Tree, other: Tree) =>
    one.root === other.root &&
    one.depth === other.depth &&
    one.branchPages === other.branchPages &&
    one.leafPages === other.leafPages &&
    one.overflowPages === other.overflowPages &&
    one.entries === other.entries;
  return a.lastPage === b.lastPage && isSameTree(a.free, b.free) && isSameTree(a.main, b.main);
}

function newerOf(pages: Buffer, limits: Limits): Meta {
  const metas = Array.from({ length: META_PAGES }, (_, number) => {
    const page = pages.subarray(number * PAGE_BYTES, (number + 1) * PAGE_BYTES);
    const isMeta =
      page.readUInt32LE(HEADER_BYTES) === MAGIC && page.readUInt32LE(HEADER_BYTES + 4) === VERSION;
    if (!isMeta || whole(page, 0, 'A page number') !== number || page.readUInt16LE(18) !== META) {
      throw new PageDamage(`Page ${number} is no meta.`);
    }
    const meta = readMeta(pages, number * PAGE_BYTES, limits);
    if (meta === undefined || (meta.txn !== 0 && meta.txn % META_PAGES !== number)) {
      throw new PageDamage(`The meta of page ${number} is that of another page.`);
    }
    return meta;
  });
  return metas.reduce((a, b) => (a.txn >= b.txn ? a : b));
}

/** Undefined for the place of a last flush that never was. */
function readMeta(pages: Buffer, place: number, { mapBytes, pagesMax }: Limits): Meta | undefined {
  const at = place + HEADER_BYTES;
  const tree = (offset: number) => pages.subarray(at + offset, at + offset + TREE_BYTES);
  const txn = whole(pages, at + 128, 'The number of the last transaction');
  if (place === FLUSHED_PLACE && txn === 0 && pages.readUInt32LE(at + 24) === 0) {
    return undefined;
  }
  const free = readTree(tree(24), 'the tree of free pages');
  const isKnown = (free.flags & ~UNFLUSHED) === META_FLAGS && pages.readUInt32LE(at + 24) === PAGE_BYTES;
  if (
    !isKnown ||
    whole(pages, at + 8, 'The address') !== 0 ||
    whole(pages, at + 16, 'The map') !== mapBytes
  ) {
    throw new PageDamage(`The meta at byte ${place} says what was never written.`);
  }
  const lastPage = whole(pages, at + 120, 'The number of the last page');
  // Also one that is not used: LMDB makes its map as large as the larger of them asks, and dies where that is too much.
  if (lastPage >= pagesMax) {
    throw new PageDamage(`The meta at byte ${place} names a last page, ${lastPage}, far beyond the file.`);
  }
  return {
    txn,
    lastPage,
    free,
    main: readPlainTree(tree(72), 'the main tree')
  };
}
