import type { CollectionId, DocKey, Lsn, TimelineId } from '../api';
import { compareKeys } from '../store/order';

/** A version that the state does not hold yet. `image` undefined is a tombstone. */
export interface UnappliedVersion {
  readonly lsn: Lsn;
  readonly image: Buffer | undefined;
  /** Bytes of the image before, which is held until this one is applied. */
  readonly beforeBytes?: number;
}

type Versions = UnappliedVersion[];

interface Documents {
  /** Versions by the text of the key, oldest first. */
  readonly versions: Map<string, Versions>;
  /** No key behind this one is there. It may be gone itself. */
  greatest: DocKey;
}

/** docKeys as Map keys: one byte, one char. */
export function keyText(key: DocKey): string {
  return key.toString('latin1');
}

/** A document by its key; the text of that is kept beside it. */
export interface Keyed {
  readonly key: DocKey;
  text?: string | undefined;
}

/** The text of a key, made once: several places keep a document that changes by it, one after the other. */
export function textOf(keyed: Keyed): string {
  return (keyed.text ??= keyText(keyed.key));
}

/** The docKey that `keyText` made a text of. */
export function keyOfText(text: string): DocKey {
  return Buffer.from(text, 'latin1');
}

function weightOf({ image, beforeBytes }: UnappliedVersion, key: DocKey): number {
  return (image?.length ?? 0) + (beforeBytes ?? 0) + key.length;
}

/**
 * Versions staged or durable but not yet in the state, in front of `ver`. Readers ask with the
 * LSN of their snapshot, so that what is not on disk yet is invisible to them.
 */
export class Unapplied {
  private readonly timelines = new Map<TimelineId, Map<CollectionId, Documents>>();
  records = 0;
  bytes = 0;

  add(timeline: TimelineId, collection: CollectionId, document: Keyed, version: UnappliedVersion): void {
    const { key } = document;
    let collections = this.timelines.get(timeline);
    if (collections === undefined) {
      collections = new Map();
      this.timelines.set(timeline, collections);
    }
    let documents = collections.get(collection);
    if (documents === undefined) {
      documents = { versions: new Map(), greatest: key };
      collections.set(collection, documents);
    } else if (compareKeys(key, documents.greatest) > 0) {
      documents.greatest = key;
    }
    const text = textOf(document);
    const versions = documents.versions.get(text);
    if (versions === undefined) {
      documents.versions.set(text, [version]);
    } else {
      versions.push(version);
    }
    this.records++;
    this.bytes += weightOf(version, key);
  }

  /** Whether `key`, or a key behind it, may be among the documents of a collection. */
  reaches(timeline: TimelineId, collection: CollectionId, key: DocKey): boolean {
    const documents = this.timelines.get(timeline)?.get(collection);
    return documents !== undefined && compareKeys(key, documents.greatest) <= 0;
  }

  /** The newest version not after `cap`; undefined when the state must be asked. */
  get(timeline: TimelineId, collection: CollectionId, key: DocKey, cap: Lsn): UnappliedVersion | undefined {
    if (!this.reaches(timeline, collection, key)) {
      return undefined;
    }
    const versions = this.timelines.get(timeline)?.get(collection)?.versions.get(keyText(key));
    if (versions === undefined) {
      return undefined;
    }
    for (let i = versions.length - 1; i >= 0; i--) {
      if (versions[i]!.lsn <= cap) {
        return versions[i];
      }
    }
    return undefined;
  }

  /**
   * The newest version on the way to a state, nearest timeline first; undefined when the state must be asked.
   * Costs what the timelines with waiting records cost, not what the ancestry does.
   */
  nearest(
    caps: ReadonlyMap<TimelineId, Lsn>,
    collection: CollectionId,
    key: DocKey
  ): UnappliedVersion | undefined {
    let newest: UnappliedVersion | undefined;
    for (const timeline of this.timelines.keys()) {
      const cap = caps.get(timeline);
      const version = cap === undefined ? undefined : this.get(timeline, collection, key, cap);
      // LSNs grow from an ancestor to its child.
      if (version !== undefined && version.lsn > (newest?.lsn ?? -1)) {
        newest = version;
      }
    }
    return newest;
  }

  /** All keys of a collection that have a version not after `cap`, with that version. */
  *all(timeline: TimelineId, collection: CollectionId, cap: Lsn): Generator<[string, UnappliedVersion]> {
    for (const [text, versions] of this.timelines.get(timeline)?.get(collection)?.versions ?? []) {
      const version = versions.findLast(candidate => candidate.lsn <= cap);
      if (version !== undefined) {
        yield [text, version];
      }
    }
  }

  /** LSNs of all versions of a collection. */
  lsns(timeline: TimelineId, collection: CollectionId): Lsn[] {
    const documents = this.timelines.get(timeline)?.get(collection);
    return [...(documents?.versions.values() ?? [])].flatMap(versions =>
      versions.map(version => version.lsn)
    );
  }

  /** Forgets the version of this LSN: the state has it now. */
  applied(timeline: TimelineId, collection: CollectionId, document: Keyed, lsn: Lsn): void {
    const collections = this.timelines.get(timeline);
    const documents = collections?.get(collection);
    const text = textOf(document);
    const versions = documents?.versions.get(text);
    const at = versions?.findIndex(version => version.lsn === lsn) ?? -1;
    if (collections === undefined || documents === undefined || versions === undefined || at < 0) {
      return;
    }
    this.records--;
    this.bytes -= weightOf(versions[at]!, document.key);
    if (versions.length > 1) {
      versions.splice(at, 1);
    } else {
      documents.versions.delete(text);
      if (documents.versions.size === 0) {
        collections.delete(collection);
        if (collections.size === 0) {
          this.timelines.delete(timeline);
        }
      }
    }
  }
}
