import { hash } from 'node:crypto';
import type { Image } from '../api';

/** Bytes of a digest: 128 bits, 32 hex digits. */
export const DIGEST_BYTES = 16;

/**
 * Multiset hash of documents: the sum, modulo 2^128, of the first 16 bytes of SHA-256 of each raw
 * image. Independent of write order; adding and removing a document costs one hash each (the
 * additive construction of Bellare and Micciancio's AdHash).
 */
export class MultisetHash {
  private readonly words: Uint32Array;

  constructor(bytes?: Buffer) {
    this.words = new Uint32Array(4);
    for (let i = 0; bytes !== undefined && i < 4; i++) {
      this.words[i] = bytes.readUInt32LE(i * 4);
    }
  }

  add(image: Image): void {
    const digest = imageHash(image);
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const sum = this.words[i]! + digest.readUInt32LE(i * 4) + carry;
      this.words[i] = sum >>> 0;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  remove(image: Image): void {
    const digest = imageHash(image);
    let borrow = 0;
    for (let i = 0; i < 4; i++) {
      const difference = this.words[i]! - digest.readUInt32LE(i * 4) - borrow;
      this.words[i] = difference >>> 0;
      borrow = difference < 0 ? 1 : 0;
    }
  }

  bytes(): Buffer {
    const bytes = Buffer.allocUnsafe(DIGEST_BYTES);
    this.words.forEach((word, i) => bytes.writeUInt32LE(word, i * 4));
    return bytes;
  }

  hex(): string {
    return this.bytes().toString('hex');
  }
}

function imageHash(image: Image): Buffer {
  return hash('sha256', image, 'buffer');
}

/** One hash over the names and digests of collections, sorted by name: 32 hex digits. */
export function combinedDigest(
  collections: readonly { readonly name: string; readonly digest: string }[]
): string {
  const lines = collections.map(({ name, digest }) => `${JSON.stringify(name)} ${digest}\n`).sort();
  return hash('sha256', lines.join(''), 'hex').slice(0, DIGEST_BYTES * 2);
}
