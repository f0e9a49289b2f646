/** What the same work costs without an engine: a bare append-only file, and bare LMDB. */
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { bumped, document, randomSource } from './documents.mjs';

/** A file that is appended to and flushed: the least that a durable write can cost. */
export class AppendFile {
  static async open(directory) {
    return new AppendFile(await openFile(join(directory, 'append'), 'a'));
  }

  constructor(handle) {
    this.handle = handle;
    this.frame = document(1);
  }

  /** One flush that carries `writers` frames. */
  async flush(writers) {
    await this.handle.write(Buffer.concat(Array(writers).fill(this.frame)));
    await this.handle.datasync();
  }

  /** Frames per second when `writers` writers wait for each flush. */
  async writes(writers, ms) {
    const begun = performance.now();
    let done = 0;
    while (performance.now() - begun < ms) {
      await this.flush(writers);
      done += writers;
    }
    return (done / (performance.now() - begun)) * 1000;
  }

  async close() {
    await this.handle.close();
  }
}

/** LMDB with the documents as values, aged like the engine's own state. */
export class RawLmdb {
  constructor(directory) {
    this.database = openLmdb({
      path: join(directory, 'raw.lmdb'),
      encoding: 'binary',
      keyEncoding: 'uint32'
    });
    this.random = randomSource(7);
  }

  async load(count, group) {
    const begun = performance.now();
    for (let first = 0; first < count; first += group) {
      let last;
      for (let i = first; i < Math.min(count, first + group); i++) {
        last = this.database.put(i, document(i));
      }
      await last;
      await this.database.flushed;
    }
    this.count = count;
    return (count / (performance.now() - begun)) * 1000;
  }

  /** Random updates, so that the file is in the state it will be in after some use. */
  async age(updates) {
    for (let done = 0; done < updates; done += 256) {
      let last;
      for (let i = 0; i < 256; i++) {
        const key = this.random(this.count);
        last = this.database.put(key, bumped(this.database.get(key)));
      }
      await last;
    }
    await this.database.flushed;
  }

  /** Durable read-modify-writes per second. */
  async writes(writers, ms) {
    const begun = performance.now();
    let done = 0;
    const writer = async () => {
      while (performance.now() - begun < ms) {
        const key = this.random(this.count);
        const put = this.database.put(key, bumped(this.database.get(key)));
        await (put.flushed ?? put);
        done++;
      }
    };
    await Promise.all(Array.from({ length: writers }, writer));
    return (done / (performance.now() - begun)) * 1000;
  }

  /** Microseconds per read of a random document. */
  reads(count) {
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
      this.database.getBinaryFast(this.random(this.count));
    }
    return ((performance.now() - begun) / count) * 1000;
  }

  /** Documents per second of a walk over everything. */
  scan() {
    const begun = performance.now();
    let seen = 0;
    for (const { value } of this.database.getRange({})) {
      seen += value.length > 0 ? 1 : 0;
    }
    return (seen / (performance.now() - begun)) * 1000;
  }

  async close() {
    await this.database.close();
  }
}
