import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { SCRATCH_ROWS_MAX, SCRATCH_STEP_ROWS_MAX } from '../../limits';
import type { Scratch, ScratchRoom } from '../scratch';
import type { Row } from '../store';
import { KEY_BYTES, VALUE_BYTES } from './buffers';
import { Walker } from './walker';

const MAP_BYTES = 64 * 1024 * 1024 * 1024;
/** Rows read in one go; no read transaction outlives it. */
const ROWS_PER_STEP = 256;
const LOWEST = Buffer.alloc(0);
const HIGHEST = Buffer.alloc(64, 0xff);

/** Scratch maps with files in one directory, which is emptied first. */
export class LmdbScratchRoom implements ScratchRoom {
  private made = 0;
  private readonly files = new Set<ScratchFile>();

  constructor(
    private readonly directory: string,
    private readonly rowsMax = SCRATCH_ROWS_MAX
  ) {
    rmSync(directory, { recursive: true, force: true });
  }

  make(): Scratch {
    return new SpillingScratch(this.rowsMax, () => {
      const file = new ScratchFile(join(this.directory, String(++this.made)), () => this.files.delete(file));
      this.files.add(file);
      return file;
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.files].map(file => file.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One file. It is never flushed: after a crash it is removed. */
class ScratchFile {
  private readonly root: RootDatabase<Buffer, Buffer>;
  private readonly database: Database<Buffer, Buffer>;
  private readonly walker: Walker;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly directory: string,
    private readonly onClose: () => void
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const encodings = { keyEncoder: KEY_BYTES, encoder: VALUE_BYTES };
    this.root = open<Buffer, Buffer>({
      path: directory,
      mapSize: MAP_BYTES,
      maxDbs: 2,
      noSync: true,
      ...encodings
    } as const);
    this.database = this.root.openDB<Buffer, Buffer>({ name: 'rows', ...encodings });
    this.walker = new Walker(this.database, false);
  }

  get(key: Buffer): Buffer | undefined {
    return this.database.get(key);
  }

  async put(rows: readonly Row[]): Promise<void> {
    let last: Promise<boolean> | undefined;
    for (const { key, value } of rows) {
      last = this.database.put(key, value);
    }
    await last;
    this.root.resetReadTxn();
  }

  /** The next rows of `[from, to)`. */
  step(from: Buffer, to: Buffer): Row[] {
    const rows: Row[] = [];
    const walk = this.walker.rows(from, to, ROWS_PER_STEP);
    for (let next = walk.next(); next.done !== true; next = walk.next()) {
      rows.push(next.value);
    }
    return rows;
  }

  close(): Promise<void> {
    this.closing ??= this.root.close().then(() => {
      rmSync(this.directory, { recursive: true, force: true });
      this.onClose();
    });
    return this.closing;
  }
}

class SpillingScratch implements Scratch {
  private held = new Map<string, Row>();
  /** What is on its way into the file. */
  private leaving = new Map<string, Row>();
  private file: ScratchFile | undefined;
  /** The rows in memory in key order, for the next walk; undefined after a change. */
  private sorted: readonly Row[] | undefined;
  private walks = 0;
  private isClosed = false;
  size = 0;

  constructor(
    private readonly rowsMax: number,
    private readonly makeFile: () => ScratchFile
  ) {}

  get isHeavy(): boolean {
    return this.held.size >= this.rowsMax;
  }

  get(key: Buffer): Buffer | undefined {
    const text = key.toString('latin1');
    return (this.held.get(text) ?? this.leaving.get(text))?.value ?? this.file?.get(key);
  }

  set(key: Buffer, value: Buffer): void {
    const text = key.toString('latin1');
    if (!this.held.has(text)) {
      this.size++;
    }
    this.held.set(text, { key, value });
    this.sorted = undefined;
  }

  async relieve(): Promise<void> {
    this.file ??= this.makeFile();
    this.leaving = this.held;
    this.held = new Map();
    // In key order, which the file takes far faster.
    const rows = sortedRows(this.leaving);
    for (let first = 0; first < rows.length; first += SCRATCH_STEP_ROWS_MAX) {
      await this.file.put(rows.slice(first, first + SCRATCH_STEP_ROWS_MAX));
    }
    this.leaving = new Map();
    this.sorted = undefined;
  }

  *rows(from = LOWEST, to = HIGHEST): Generator<Row> {
    this.walks++;
    try {
      this.sorted ??= sortedRows(
        this.leaving.size === 0 ? this.held : new Map([...this.leaving, ...this.held])
      );
      const held = this.sorted.slice(placeOf(this.sorted, from), placeOf(this.sorted, to));
      let next = 0;
      for (const row of this.fileRows(from, to)) {
        let order = next < held.length ? Buffer.compare(held[next]!.key, row.key) : 1;
        while (order < 0) {
          yield held[next++]!;
          order = next < held.length ? Buffer.compare(held[next]!.key, row.key) : 1;
        }
        yield order === 0 ? held[next++]! : row;
      }
      yield* held.slice(next);
    } finally {
      this.walks--;
      this.giveBack();
    }
  }

  private *fileRows(from: Buffer, to: Buffer): Generator<Row> {
    let start = from;
    while (this.file !== undefined) {
      const rows = this.file.step(start, to);
      yield* rows;
      if (rows.length < ROWS_PER_STEP) {
        return;
      }
      start = Buffer.concat([rows.at(-1)!.key, Buffer.of(0)]);
    }
  }

  close(): void {
    this.isClosed = true;
    this.giveBack();
  }

  private giveBack(): void {
    if (this.isClosed && this.walks === 0) {
      this.held.clear();
      this.sorted = undefined;
      void this.file?.close();
      this.file = undefined;
    }
  }
}

/** By the texts of the keys, which compare faster than their bytes and the same. */
function sortedRows(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.keys()].sort().map(text => rows.get(text)!);
}

/** The first place whose key is not before `key`. */
function placeOf(rows: readonly Row[], key: Buffer): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(rows[middle]!.key, key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
