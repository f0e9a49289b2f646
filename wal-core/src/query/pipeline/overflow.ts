import type { Spill } from '../api';
import { SpilledDocuments } from '../spill';

/** Parts that the groups of one level are dealt out to. */
export const PARTS = 16;

/** Groups that found no room, one part of them. */
export interface OverflowPart {
  readonly level: number;
  /** Groups that had been begun, each as one document; they come before all of `documents`. */
  readonly begun: SpilledDocuments;
  /** Documents of these groups and of others, in the order they came. */
  readonly documents: SpilledDocuments;
}

/** Takes what finds no room on one level. */
export interface OverflowLevel {
  /** The part that the group of a key belongs to, from 0 to below `PARTS`. */
  partOf(key: string): number;
  addBegun(key: string, group: Buffer): void;
  addDocument(key: string, doc: Buffer): void;
}

/**
 * Groups that have to wait for memory, on disk, dealt out by their keys: all of a group is in one part and in the
 * order it came. A part that is again too large is dealt out by another hash.
 */
export class Overflow {
  private readonly parts: OverflowPart[] = [];
  private spill: Spill | undefined;

  constructor(private readonly open: () => Spill) {}

  level(level: number): OverflowLevel {
    const mine = new Map<number, OverflowPart>();
    const partOf = (key: string): number => hash(key, level) % PARTS;
    const of = (key: string): OverflowPart => {
      const number = partOf(key);
      let part = mine.get(number);
      if (part === undefined) {
        this.spill ??= this.open();
        part = {
          level,
          begun: new SpilledDocuments(this.spill),
          documents: new SpilledDocuments(this.spill)
        };
        mine.set(number, part);
        this.parts.push(part);
      }
      return part;
    };
    return {
      partOf,
      addBegun: (key, group) => of(key).begun.push(group),
      addDocument: (key, doc) => of(key).documents.push(doc)
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
