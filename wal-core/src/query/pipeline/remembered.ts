import type { RawValue } from '../../bson/raw';
import type { Group } from './group';

/** Groups that are remembered; a power of two. */
const PLACES = 1024;
/** Ids up to this many bytes are remembered. */
const BYTES_MAX = 128;

/** Groups that were met lately, found again by the very bytes of an id, without what its order makes of it. */
export class RememberedGroups {
  private readonly places = new Array<{ readonly id: RawValue; readonly group: Group } | undefined>(PLACES);

  /** The group of an id that lies in larger bytes. */
  find(type: number, bytes: Buffer, from: number, to: number): Group | undefined {
    if (to - from > BYTES_MAX) return undefined;
    const known = this.places[placeOf(type, bytes, from, to)];
    return known?.id.type === type && isSame(known.id.bytes, bytes, from, to) ? known.group : undefined;
  }

  /** Notes the group of an id, whose bytes have to stay; that of a number may be one that was first another. */
  note(id: RawValue, group: Group): void {
    const { type, bytes } = id;
    if (bytes.length <= BYTES_MAX) this.places[placeOf(type, bytes, 0, bytes.length)] = { id, group };
  }

  clear(): void {
    this.places.fill(undefined);
  }
}

function placeOf(type: number, bytes: Buffer, from: number, to: number): number {
  let hash = type;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}

function isSame(id: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (id.length !== length) return false;
  for (let i = 0; i < length; i++) if (id[i] !== bytes[from + i]) return false;
  return true;
}
