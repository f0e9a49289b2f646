import { BARE_FORMAT_BYTES, FORMAT_KEY, STATE_FORMAT_VERSION } from '../format';
import { TABLES } from '../store';
import type { SummedValues } from './buffers';
import {
  BIG,
  BRANCH,
  LEAF,
  type Meta,
  META_PAGES,
  type Node,
  overflowPages,
  PAGE_BYTES,
  PageDamage,
  PageFile,
  readPlainTree,
  TREE,
  type Tree
} from './pages';

/** Deeper than any tree of as many pages as numbers can count. */
const DEPTH_MAX = 64;

export interface TreeCheckOptions {
  /** Where to begin. */
  readonly meta: Meta;
  /** Also reads the leaves, and holds each row against its checksum. */
  readonly sums: Pick<SummedValues, 'isSealed'> | undefined;
}

/** What a check saw. */
export interface CheckedTrees {
  readonly pages: number;
  readonly rows: number;
}

/**
 * Checks the trees of a file that nobody writes to, or of a state of it that a reader holds: a row's checksum shows
 * that the row is as it was written, and this shows that every row is met that should be. It holds when
 *   - every page is the one its parent means, no page is used twice, and none that is used is on the list of free pages,
 *   - keys ascend, within the bounds that the branches above name,
 *   - each tree has as many pages and entries as it is said to have,
 *   - each row fits its checksum (with `sums`).
 * Without `sums` only branches and the list of free pages are read: some hundredths of the file.
 * Yields from time to time, so that it can be done in slices.
 * @throws PageDamage
 */
export function* checkTrees(
  file: PageFile,
  { meta, sums }: TreeCheckOptions
): Generator<number, CheckedTrees> {
  const walk = new TreeWalk(file, meta);
  const free = new Set<number>();
  yield* walk.tree(meta.free, 'free pages', {
    compare: compareTransactions,
    leaf: node => readFree(walk, node, meta, free)
  });
  const tables = new Map<string, Tree>();
  yield* walk.tree(meta.main, 'the tables', {
    compare: compareBytes,
    leaf: node => {
      if (node.flags !== TREE) {
        throw new PageDamage('The main tree has something that is no table.');
      }
      tables.set(node.key.toString('latin1').replace(/\0$/, ''), readPlainTree(node.value, 'a table'));
    }
  });
  const missing = TABLES.filter(name => !tables.has(name));
  if (missing.length > 0 && tables.size > 0) {
    throw new PageDamage(`The table ${missing[0]} is missing.`);
  }
  const rows = sums === undefined ? undefined : new RowCheck(sums);
  for (const [name, tree] of tables) {
    const leaf =
      rows &&
      ((node: Node) => rows.take(name, node.key, wholeValue(walk, node, meta, `A row of table ${name}`)));
    yield* walk.tree(tree, `table ${name}`, { compare: compareBytes, leaf });
  }
  rows?.end();
  for (const page of free) {
    if (walk.isUsed(page)) {
      throw new PageDamage(`Page ${page} is used and free.`);
    }
  }
  return { pages: walk.pages, rows: walk.rows };
}

/** Holds rows against their checksums. A state of another format may have others, or none. */
class RowCheck {
  private bad: string | undefined;
  private isOtherFormat = false;

  constructor(private readonly sums: Pick<SummedValues, 'isSealed'>) {}

  take(table: string, key: Buffer, value: Buffer): void {
    const isSealed = this.sums.isSealed(key, value);
    if (!isSealed) {
      this.bad ??= `The row ${key.toString('hex')} of table ${table} does not fit its checksum.`;
    }
    if (table === 'meta' && key.equals(FORMAT_KEY)) {
      this.isOtherFormat = isSealed
        ? value.readUInt32BE(0) !== STATE_FORMAT_VERSION
        : value.length === BARE_FORMAT_BYTES;
    }
  }

  end(): void {
    if (this.bad !== undefined && !this.isOtherFormat) {
      throw new PageDamage(this.bad);
    }
  }
}

interface TreeReader {
  readonly compare: (a: Buffer, b: Buffer) => number;
  /** Takes each entry; when it is undefined, leaves are counted and not read. */
  readonly leaf: ((node: Node) => void) | undefined;
}

class TreeWalk {
  pages = 0;
  rows = 0;
  private readonly used: Uint8Array;
  /** A page for each level: nodes are views. */
  private readonly buffers: Buffer[] = [];

  constructor(
    readonly file: PageFile,
    private readonly meta: Meta
  ) {
    this.used = new Uint8Array((meta.lastPage >>> 3) + 1);
  }

  isUsed(page: number): boolean {
    return (this.used[page >>> 3]! & (1 << (page & 7))) !== 0;
  }

  use(page: number): void {
    if (page < META_PAGES || page > this.meta.lastPage || this.isUsed(page)) {
      throw new PageDamage(`Page ${page} is used twice, or lies outside.`);
    }
    this.used[page >>> 3]! |= 1 << (page & 7);
    this.pages++;
  }

  *tree(tree: Tree, what: string, reader: TreeReader): Generator<number, void> {
    const found = { branchPages: 0, leafPages: 0, entries: 0 };
    if ((tree.root === undefined) !== (tree.depth === 0) || tree.depth > DEPTH_MAX) {
      throw new PageDamage(`The depth of ${what} is ${tree.depth}.`);
    }
    if (tree.root !== undefined) {
      yield* this.branch(tree.root, 1, tree.depth, undefined, undefined, reader, found);
    }
    const isAsSaid =
      found.branchPages === tree.branchPages &&
      found.leafPages === tree.leafPages &&
      (reader.leaf === undefined || found.entries === tree.entries);
    if (!isAsSaid) {
      throw new PageDamage(`The tree of ${what} has other pages or entries than it is said to have.`);
    }
    this.rows += found.entries;
  }

  /** Checks a page and what lies below it; its keys lie in `[from, to)`. */
  private *branch(
    page: number,
    level: number,
    depth: number,
    from: Buffer | undefined,
    to: Buffer | undefined,
    reader: TreeReader,
    found: { branchPages: number; leafPages: number; entries: number }
  ): Generator<number, void> {
    this.use(page);
    const isLeaf = level === depth;
    if (isLeaf) {
      found.leafPages++;
      if (reader.leaf === undefined) {
        return;
      }
    } else {
      found.branchPages++;
    }
    const buffer = (this.buffers[level] ??= Buffer.alloc(PAGE_BYTES));
    const nodes = this.file.page(page, isLeaf ? LEAF : BRANCH, this.meta.txn, buffer);
    // The first key of a branch says nothing: everything below the second lies there.
    checkOrder(isLeaf ? nodes : nodes.slice(1), page, from, to, reader);
    if (isLeaf) {
      found.entries += nodes.length;
      nodes.forEach(node => reader.leaf!(node));
      yield this.pages;
      return;
    }
    for (const [i, node] of nodes.entries()) {
      const lower = i === 0 ? from : node.key;
      yield* this.branch(node.child, level + 1, depth, lower, nodes[i + 1]?.key ?? to, reader, found);
    }
  }
}

function checkOrder(
  nodes: readonly Node[],
  page: number,
  from: Buffer | undefined,
  to: Buffer | undefined,
  { compare }: TreeReader
): void {
  let last: Buffer | undefined;
  for (const { key } of nodes) {
    const isInPlace =
      last === undefined ? from === undefined || compare(key, from) >= 0 : compare(key, last) > 0;
    if (!isInPlace) {
      throw new PageDamage(`The keys of page ${page} are out of order.`);
    }
    last = key;
  }
  if (last !== undefined && to !== undefined && compare(last, to) >= 0) {
    throw new PageDamage(`The keys of page ${page} go beyond their branch.`);
  }
}

const compareBytes = (a: Buffer, b: Buffer): number => Buffer.compare(a, b);

/** Keys of the free pages are numbers of transactions. */
function compareTransactions(a: Buffer, b: Buffer): number {
  if (a.length !== 8 || b.length !== 8) {
    throw new PageDamage('An entry of the free pages is of no transaction.');
  }
  const difference = a.readBigUInt64LE(0) - b.readBigUInt64LE(0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The value of an entry, which lies in pages of its own when it is long: `[first page][?][pages]`, 8 bytes each. */
function wholeValue(walk: TreeWalk, node: Node, meta: Meta, what: string): Buffer {
  if (node.flags === 0) {
    return node.value;
  }
  if (node.flags !== BIG) {
    throw new PageDamage(`${what} is none.`);
  }
  const page = Number(node.value.readBigUInt64LE(0));
  const pages = Number(node.value.readBigUInt64LE(16));
  // More than it needs, when it was shorter than one that it replaced within a transaction.
  if (pages < overflowPages(node.child) || pages > meta.lastPage) {
    throw new PageDamage(`${what} has not the pages that it needs.`);
  }
  for (let i = 0; i < pages; i++) {
    walk.use(page + i);
  }
  return walk.file.overflow(page, pages, node.child, meta.txn);
}

/** Pages that may be used again, from one entry of their list: `[count][page, 0 or −n before n pages from the next] …`, 8 bytes each. */
function readFree(walk: TreeWalk, node: Node, meta: Meta, free: Set<number>): void {
  const list = wholeValue(walk, node, meta, 'An entry of the free pages');
  const count = list.length < 8 ? -1 : Number(list.readBigInt64LE(0));
  if (count < 0 || (count + 1) * 8 > list.length) {
    throw new PageDamage('An entry of the free pages is cut off.');
  }
  let run = 1;
  for (let at = 8; at < (count + 1) * 8; at += 8) {
    const number = Number(list.readBigInt64LE(at));
    if (number < 0) {
      run = -number;
      continue;
    }
    if (number + run - 1 > meta.lastPage || (number > 0 && number < META_PAGES)) {
      throw new PageDamage(`Page ${number} is free and lies outside.`);
    }
    for (let i = 0; number > 0 && i < run; i++) {
      free.add(number + i);
    }
    run = 1;
  }
}
