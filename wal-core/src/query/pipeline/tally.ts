import { int32At, valueSize, type RawValue } from '../../bson/raw';
import type { TallyShare } from '../api';
import { setRoot, type Expression, type Frame } from '../expression';
import { findField } from '../filter/path';
import { NULL } from '../values';
import type { Group, Groups } from './group';
import type { Batch, DocumentTally } from './stage';

/** Groups that are found again by the very bytes of their ids; a power of two. */
const REMEMBERED_GROUPS = 1024;
/** Ids up to this many bytes are found again by them. */
const REMEMBERED_BYTES_MAX = 64;

/** A `$group` of documents that are not copied out of the pages they lie in. */
export class Tally implements DocumentTally {
  private readonly remembered = new Array<Group | undefined>(REMEMBERED_GROUPS).fill(undefined);
  private readonly field: Buffer | undefined;
  /** The group of all documents, when the id is a constant. */
  private only: Group | undefined;
  private bytes: Buffer = NULL.bytes;
  private start = 0;
  private isFrameSet = false;

  constructor(
    private readonly id: Expression,
    private readonly groups: Groups,
    private readonly frame: Frame,
    readonly results: () => Iterable<Batch>
  ) {
    this.field = id.field;
  }

  add(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.start = start;
    this.isFrameSet = false;
    const { states } = this.groupOf(bytes, start);
    for (let i = 0; i < states.length; i++) states[i]!.addAt!(bytes, start, this.frameHere);
  }

  get isShareable(): boolean {
    return this.groups.areShareable;
  }

  share(): TallyShare {
    return this.groups.share();
  }

  absorb(share: TallyShare): void {
    this.groups.absorb(share, () => this.frame);
  }

  /** The frame of the document that is added. */
  private readonly frameHere = (): Frame => {
    if (!this.isFrameSet) {
      const { bytes, start } = this;
      setRoot(this.frame, bytes.subarray(start, start + int32At(bytes, start)));
      this.isFrameSet = true;
    }
    return this.frame;
  };

  private groupOf(bytes: Buffer, start: number): Group {
    if (this.id.constant !== undefined) {
      return (this.only ??= this.groups.of(this.id.constant.value ?? NULL, this.frameHere));
    }
    if (this.field === undefined) return this.find(this.id.evaluate(this.frameHere()) ?? NULL);
    const at = findField(bytes, start, this.field);
    if (at < 0) return this.find(NULL);
    const type = bytes[at]!;
    const from = at + 2 + this.field.length;
    const to = from + valueSize(type, bytes, from);
    if (to - from > REMEMBERED_BYTES_MAX) return this.find({ type, bytes: bytes.subarray(from, to) });
    const slot = slotOf(type, bytes, from, to);
    const known = this.remembered[slot];
    if (known?.id.type === type && isSame(known.id.bytes, bytes, from, to)) return known;
    const id = { type, bytes: bytes.subarray(from, to) };
    const found = this.find(id);
    // A group whose id was first seen as another number is not found by these bytes.
    this.remembered[slot] = found;
    return found;
  }

  private find(id: RawValue): Group {
    return this.groups.of(id, this.frameHere);
  }
}

function slotOf(type: number, bytes: Buffer, from: number, to: number): number {
  let hash = type;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (REMEMBERED_GROUPS - 1);
}

function isSame(id: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (id.length !== length) return false;
  for (let i = 0; i < length; i++) if (id[i] !== bytes[from + i]) return false;
  return true;
}
