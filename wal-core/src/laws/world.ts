import { deserialize, serialize } from 'bson';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectionInfo, Commit, Engine, Image, Lsn, Origin, Snapshot } from '../api';
import { docKeyOf } from '../bson';
import { openEngine } from '../engine';

/** Who writes in the tests. */
export const ADA: Origin = { actor: 'ada' };

/** A document as plain values, to raw BSON. */
export function image(document: Record<string, unknown>): Image {
  return Buffer.from(serialize(document));
}

/** The document key of an `_id`. */
export function keyOf(id: unknown): Buffer {
  return docKeyOf(image({ _id: id }));
}

/** An engine on a directory of its own; `close` removes it. */
export class World {
  private constructor(
    readonly directory: string,
    public engine: Engine,
    readonly clock: { now: number }
  ) {}

  static async open(): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'argon-law-'));
    const clock = { now: Date.UTC(2026, 6, 7, 9, 0, 0) };
    const engine = await openEngine({ directory, clock: () => clock.now });
    return new World(directory, engine, clock);
  }

  async project(name = 'shop'): Promise<this> {
    await this.engine.createProject(name, ADA);
    return this;
  }

  /** Closes and opens again: everything must come back from disk. */
  async reopen(): Promise<void> {
    await this.engine.close();
    this.engine = await openEngine({ directory: this.directory, clock: () => this.clock.now });
  }

  async close(): Promise<void> {
    await this.engine.close();
    rmSync(this.directory, { recursive: true });
  }

  /** Inserts or replaces documents; null deletes by id. */
  async put(
    branch: string,
    documents: readonly Record<string, unknown>[],
    options: { collection?: string; origin?: Origin; atomic?: boolean; txn?: string; project?: string } = {}
  ): Promise<Commit> {
    const { collection = 'items', origin = ADA, project = 'shop', ...rest } = options;
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

  async remove(branch: string, ids: readonly unknown[], collection = 'items'): Promise<Commit> {
    const { commit } = await this.engine.write('shop', branch, ADA, writer => {
      for (const id of ids) {
        writer.remove(writer.collection(collection)!, keyOf(id));
      }
    });
    return commit!;
  }

  view(ref: string, project = 'shop'): Snapshot {
    return this.engine.resolve(project, ref);
  }

  get(ref: string, id: unknown, collection = 'items'): Record<string, unknown> | undefined {
    const view = this.view(ref);
    const info = view.collection(collection);
    const found = info === undefined ? undefined : view.get(info, keyOf(id));
    return found === undefined ? undefined : deserialize(found);
  }

  /** Every document of every collection at a ref: `collection/docKey` → hex of the image. */
  async dump(ref: string | Snapshot): Promise<Map<string, string>> {
    const view = typeof ref === 'string' ? this.view(ref) : ref;
    const all = new Map<string, string>();
    for (const collection of view.collections()) {
      for (const [key, bytes] of await scanAll(view, collection)) {
        all.set(`${collection.name}/${key}`, bytes.toString('hex'));
      }
    }
    return all;
  }
}

/** All documents of a collection in scan order. */
export async function scanAll(view: Snapshot, collection: CollectionInfo, reverse = false): Promise<[string, Image][]> {
  const found: [string, Image][] = [];
  for await (const batch of view.scan(collection, { reverse })) {
    batch.keys.forEach((key, i) => found.push([key.toString('hex'), batch.images[i]!]));
  }
  return found;
}

export function lsn(value: number): Lsn {
  return value as Lsn;
}
