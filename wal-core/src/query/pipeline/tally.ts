import { int32At, valueSize, type RawValue } from '../../bson/raw';
import type { TallyShare } from '../api';
import { setRoot, type Expression, type Frame } from '../expression';
import { findField } from '../filter/path';
import { NULL } from '../values';
import type { Group, Groups } from './group';
import { RememberedGroups } from './remembered';
import type { Batch, DocumentTally } from './stage';

/** A `$group` of documents that are not copied out of the pages they lie in. */
export class Tally implements DocumentTally {
  private readonly remembered = new RememberedGroups();
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
    const known = this.remembered.find(type, bytes, from, to);
    if (known !== undefined) return known;
    const found = this.find({ type, bytes: bytes.subarray(from, to) });
    // By the bytes that the group keeps, since those of the document may be gone.
    this.remembered.note(found.id, found);
    return found;
  }

  private find(id: RawValue): Group {
    return this.groups.of(id, this.frameHere);
  }
}
