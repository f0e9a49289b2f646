import { deserialize, serialize } from 'bson';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectionInfo, Commit, Engine, Image, Lsn, Origin, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { type EngineParts, openEngine } from '../engine';
import { REAL_FILE_SYSTEM } from '../log/file/log';

/** Who writes in the tests. */
export const ADA: Origin = { actor: 'ada' };

/** The project that every world has. */
export const SHOP = 'shop';

/** A document as plain values. */
export type Plain = Record<string, unknown>;

/** A document as plain values, to raw BSON. */
export function image(document: Plain): Image {
  return Buffer.from(serialize(document));
}

/** The document key of an `_id`. */
export function keyOf(id: unknown): Buffer {
  return docKeyOf(image({ _id: id }));
}

export function lsn(value: number): Lsn {
  return value as Lsn;
}

/** A log that does not wait for the disk: what is durable is the business of laws 1 and 12. */
const QUICK: EngineParts = { log: { fileSystem: { ...REAL_FILE_SYSTEM, sync: async () => undefined } } };

export interface WorldOptions {
  /** An existing data directory; a new one when absent. */
  readonly directory?: string;
  readonly parts?: EngineParts;
}

export interface PutOptions {
  readonly collection?: string;
  readonly origin?: Origin;
  readonly atomic?: boolean;
  readonly txn?: string;
  readonly project?: string;
}

/** An engine on a directory of its own with one project; `close` removes the directory. */
export class World {
  private constructor(
    public directory: string,
    public engine: Engine,
    readonly clock: { now: number },
    public parts: EngineParts
  ) {}

  static async open({ directory, parts = QUICK }: WorldOptions = {}): Promise<World> {
    const home = directory ?? temporaryDirectory();
    const clock = { now: Date.UTC(2026, 6, 7, 9, 0, 0) };
    const engine = await openEngine({ directory: home, clock: () => clock.now }, parts);
    await engine.createProject(SHOP, ADA, { ensure: true });
    return new World(home, engine, clock, parts);
  }

  /** Closes and opens again: everything must come back from disk. */
  async reopen(): Promise<void> {
    await this.engine.close();
    this.engine = await openEngine({ directory: this.directory, clock: () => this.clock.now }, this.parts);
  }

  /** Goes on with another data directory, and removes this one. */
  async moveTo(directory: string): Promise<void> {
    await this.close();
    this.directory = directory;
    this.engine = await openEngine({ directory, clock: () => this.clock.now }, this.parts);
  }

  async close(): Promise<void> {
    await this.engine.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Inserts or replaces documents. */
  async put(branch: string, documents: readonly Plain[], options: PutOptions = {}): Promise<Commit> {
    const { collection = 'items', origin = ADA, project = SHOP, ...rest } = options;
    const { commit } = await this.engine.write(
      project,
      branch,
      origin,
      writer => {
        const target = writer.ensureCollection(collection);
        for (const document of documents) {
          const bytes = image(document);
          const key = docKeyOf(bytes);
          if (writer.get(target, key) === undefined) {
            writer.insert(target, bytes);
          } else {
            writer.replace(target, key, bytes);
          }
        }
      },
      rest
    );
    return commit!;
  }

  async remove(branch: string, ids: readonly unknown[], options: PutOptions = {}): Promise<Commit> {
    const { collection = 'items', origin = ADA, project = SHOP, ...rest } = options;
    const { commit } = await this.engine.write(
      project,
      branch,
      origin,
      writer => {
        for (const id of ids) {
          writer.remove(writer.collection(collection)!, keyOf(id));
        }
      },
      rest
    );
    return commit!;
  }

  view(ref: string, project = SHOP): Snapshot {
    return this.engine.resolve(project, ref);
  }

  get(ref: string, id: unknown, collection = 'items'): Plain | undefined {
    const view = this.view(ref);
    const info = view.collection(collection);
    const found = info === undefined ? undefined : view.get(info, keyOf(id));
    return found === undefined ? undefined : deserialize(found);
  }

  /** Every document of every collection at a ref: `collection/docKey` → hex of the image. */
  async dump(ref: string | Snapshot): Promise<Map<string, string>> {
    return dumpOf(typeof ref === 'string' ? this.view(ref) : ref);
  }

  /** All documents of a collection at a ref, decoded, in key order. */
  async all(ref: string, collection = 'items'): Promise<Plain[]> {
    const view = this.view(ref);
    const info = view.collection(collection);
    return info === undefined ? [] : (await scanAll(view, info)).map(([, bytes]) => deserialize(bytes));
  }
}

/** A new directory for one test. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'argon-law-'));
}

/**
 * Makes directories for the tests of a suite, or takes in those it is given, and removes them after the last one; to
 * be called where the suite is described.
 */
export function suiteDirectories(): (given?: string) => string {
  const made: string[] = [];
  afterAll(() => {
    for (const directory of made) {
      rmSync(directory, { recursive: true, force: true });
    }
  });
  return (given = temporaryDirectory()) => {
    made.push(given);
    return given;
  };
}

/** A copy of the log of a data directory without its state: what is left when everything derived is lost. */
export function copyLog(directory: string): string {
  const copy = temporaryDirectory();
  cpSync(join(directory, 'log'), join(copy, 'log'), { recursive: true });
  return copy;
}

/** Every document of every collection of a state: `collection/docKey` → hex of the image. */
export async function dumpOf(view: Snapshot): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const collection of view.collections()) {
    for (const [key, bytes] of await scanAll(view, collection)) {
      all.set(`${collection.name}/${key}`, bytes.toString('hex'));
    }
  }
  return all;
}

/** All documents of a collection in scan order. */
export async function scanAll(
  view: Snapshot,
  collection: CollectionInfo,
  options: { reverse?: boolean; batch?: number } = {}
): Promise<[string, Image][]> {
  const found: [string, Image][] = [];
  for await (const batch of view.scan(collection, options)) {
    batch.keys.forEach((key, i) => found.push([key.toString('hex'), batch.images[i]!]));
  }
  return found;
}
