import type { Spill } from '../api';
import { SpilledDocuments } from '../spill';

/** Parts that the documents of one level are dealt out to. */
const PARTS = 16;

/** Documents of groups that found no room, one part of them. */
export interface OverflowPart {
  readonly level: number;
  readonly documents: SpilledDocuments;
}

/**
 * Documents whose groups have to wait for memory, on disk, dealt out by their groups' keys: all documents of a group
 * are in one part and in the order they came. A part that is again too large is dealt out by another hash.
 */
export class Overflow {
  private readonly parts: OverflowPart[] = [];
  private spill: Spill | undefined;

  constructor(private readonly open: () => Spill) {}

  /** What takes documents on one level. */
  level(level: number): (key: string, doc: Buffer) => void {
    const mine = new Map<number, SpilledDocuments>();
    return (key, doc) => {
      const part = hash(key, level) % PARTS;
      let documents = mine.get(part);
      if (documents === undefined) {
        documents = new SpilledDocuments((this.spill ??= this.open()));
        mine.set(part, documents);
        this.parts.push({ level, documents });
      }
      documents.push(doc);
    };
  }

  /** A part to go on with; undefined when there is none left. */
  take(): OverflowPart | undefined {
    return this.parts.pop();
  }

  close(): void {
    this.spill?.close();
  }
}

/** FNV-1a, begun anew for each level. */
function hash(key: string, level: number): number {
  let h = (0x811c9dc5 ^ Math.imul(level + 1, 0x9e3779b1)) >>> 0;
  for (let at = 0; at < key.length; at++) h = Math.imul(h ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return (h ^ (h >>> 15)) >>> 0;
}
