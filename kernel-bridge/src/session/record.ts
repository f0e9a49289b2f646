import { deserialize, serialize } from 'bson';

/** What is kept of a session on disk, so that it survives the process. */
export interface SessionRecord {
  readonly id: string;
  readonly kernel?: string;
  readonly notebook?: string;
  readonly actor: string;
  readonly project?: string;
  readonly ref?: string;
  readonly openedAt: Date;
  /** When it was last opened or moved; the oldest forgotten sessions go first. */
  readonly seenAt: Date;
}

/** Keys of the engine's values under which sessions live. */
export const SESSION_PREFIX = 'session/';

/** The bytes of a record. */
export function encodeRecord(record: SessionRecord): Buffer {
  return Buffer.from(serialize({ v: 1, ...record }, { ignoreUndefined: true }));
}

/** A record from its bytes; undefined when they are of a form this version does not know. */
export function decodeRecord(bytes: Buffer): SessionRecord | undefined {
  const { v, ...fields } = deserialize(bytes) as { v?: unknown } & Partial<SessionRecord>;
  const { id, actor, openedAt, seenAt } = fields;
  if (v !== 1 || typeof id !== 'string' || typeof actor !== 'string') {
    return undefined;
  }
  if (!(openedAt instanceof Date) || !(seenAt instanceof Date)) {
    return undefined;
  }
  return { ...fields, id, actor, openedAt, seenAt };
}

/** Whether two records say the same, but for when they were seen. */
export function sameRecord(a: SessionRecord, b: SessionRecord): boolean {
  return (
    a.id === b.id &&
    a.kernel === b.kernel &&
    a.notebook === b.notebook &&
    a.actor === b.actor &&
    a.project === b.project &&
    a.ref === b.ref
  );
}
