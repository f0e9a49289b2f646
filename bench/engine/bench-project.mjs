/** The engine under test: one project with one collection of documents, aged by random updates. */
import { createRequire } from 'node:module';
import { bumped, document, randomSource } from './documents.mjs';

const require = createRequire(import.meta.url);
const { openEngine, docKeyOf } = require('@argon/wal-core');
const { coreOf } = require('@argon/wal-core/dist/engine');

export const PROJECT = 'bench';
export const COLLECTION = 'users';
export const ORIGIN = { actor: 'bench' };

/** Bytes of a slot: a length and the key of an int32. */
const SLOT_BYTES = 16;
/**
 * Keys by the number of their document: made once, so that a reading measures reading; and in one stretch of memory,
 * because a million objects of the bench would have the garbage collector work for the bench.
 */
let slots = Buffer.alloc(0);

/** Bytes of memory that the keys take. */
export function keysBytes() {
  return slots.length;
}

/** The key of document `i`. */
export function keyOf(i) {
  const at = i * SLOT_BYTES;
  if (at >= slots.length) {
    slots = Buffer.concat([slots, Buffer.alloc(Math.max(at + SLOT_BYTES, slots.length * 2) - slots.length)]);
  }
  if (slots[at] === 0) {
    const key = docKeyOf(document(i));
    if (key.length >= SLOT_BYTES) {
      throw new Error('the key of a document is longer than its slot');
    }
    slots[at] = key.length;
    slots.set(key, at + 1);
  }
  return slots.subarray(at + 1, at + 1 + slots[at]);
}

export class BenchProject {
  static async open(directory) {
    const engine = await openEngine({ directory });
    await engine.createProject(PROJECT, ORIGIN, { ensure: true });
    return new BenchProject(engine);
  }

  constructor(engine) {
    this.engine = engine;
    this.random = randomSource(11);
    this.count = 0;
  }

  /** Durable documents per second. */
  async load(count, group, branch = 'main') {
    const images = Array.from({ length: group }, () => undefined);
    let spent = 0;
    for (let first = 0; first < count; first += group) {
      const size = Math.min(group, count - first);
      for (let i = 0; i < size; i++) {
        images[i] = document(first + i);
      }
      const begun = performance.now();
      await this.write(writer => {
        const collection = writer.ensureCollection(COLLECTION);
        for (let i = 0; i < size; i++) {
          writer.insert(collection, images[i]);
        }
      }, branch);
      spent += performance.now() - begun;
    }
    this.count = count;
    return (count / spent) * 1000;
  }

  /** The documents are sound, and as in the bridge, which has checked a whole message, they are not checked one by one. */
  write(change, branch = 'main', options = {}) {
    return this.engine.write(PROJECT, branch, ORIGIN, change, { isChecked: true, ...options });
  }

  /** One read-modify-write of a document. */
  update(i, branch = 'main') {
    return this.write(writer => {
      const collection = writer.collection(COLLECTION);
      writer.replace(collection, keyOf(i), bumped(writer.get(collection, keyOf(i))));
    }, branch);
  }

  /** Raises the counters of some documents in one call. */
  updateMany(numbers, branch = 'main') {
    return this.write(writer => {
      const collection = writer.collection(COLLECTION);
      for (const i of numbers) {
        writer.replace(collection, keyOf(i), bumped(writer.get(collection, keyOf(i))));
      }
    }, branch);
  }

  /** Numbers of different random documents: even ones with `offset` 0, odd ones with 1. */
  pick(size, offset) {
    const chosen = new Set();
    while (chosen.size < size) {
      chosen.add(this.random(this.count >> 1) * 2 + offset);
    }
    return [...chosen];
  }

  async age(updates) {
    const group = 256;
    for (let done = 0; done < updates; done += group) {
      await this.updateMany(Array.from({ length: group }, () => this.random(this.count)));
    }
    await this.settle();
  }

  /** Waits until everything durable has been applied to the state and the images are as they will stay. */
  async settle() {
    for (;;) {
      const { pendingRecords, images } = this.engine.status();
      if (pendingRecords === 0 && !images.isBuilding) {
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  /** Durable read-modify-writes per second, and how long each took in milliseconds. */
  async writes(writers, ms) {
    const begun = performance.now();
    const took = [];
    const writer = async () => {
      while (performance.now() - begun < ms) {
        const at = performance.now();
        await this.update(this.random(this.count));
        took.push(performance.now() - at);
      }
    };
    await Promise.all(Array.from({ length: writers }, writer));
    return { rate: (took.length / (performance.now() - begun)) * 1000, took };
  }

  /**
   * Keys of random documents, as fresh in memory as those of a request. They lie in a memory of their own: among the
   * documents that they are made of, each would keep some kilobytes.
   */
  keys(count) {
    const memory = Buffer.allocUnsafeSlow(count * SLOT_BYTES);
    return Array.from({ length: count }, (_, i) => {
      const key = keyOf(this.random(this.count));
      memory.set(key, i * SLOT_BYTES);
      return memory.subarray(i * SLOT_BYTES, i * SLOT_BYTES + key.length);
    });
  }

  /** Microseconds per read of a random document of a state. */
  reads(snapshot, count) {
    const collection = snapshot.collection(COLLECTION);
    const keys = this.keys(count);
    const begun = performance.now();
    for (const key of keys) {
      if (snapshot.get(collection, key) === undefined) {
        throw new Error('a document is missing');
      }
    }
    return ((performance.now() - begun) / count) * 1000;
  }

  /** Documents per second of a walk over a state. */
  async scan(snapshot) {
    const begun = performance.now();
    let seen = 0;
    for await (const { images } of snapshot.scan(snapshot.collection(COLLECTION))) {
      seen += images.length;
    }
    if (seen !== this.count) {
      throw new Error(`the scan saw ${seen} of ${this.count} documents`);
    }
    return (seen / (performance.now() - begun)) * 1000;
  }

  /** The parts below the engine's API. */
  get core() {
    return coreOf(this.engine);
  }

  head() {
    return this.engine.resolve(PROJECT, 'main');
  }

  close() {
    return this.engine.close();
  }
}
