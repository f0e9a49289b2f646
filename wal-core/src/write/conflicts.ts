import type { CollectionId, CollectionInfo, DocKey, Lsn } from '../api';
import type { Timeline } from '../branch/model';
import { CATALOG, type Catalogs } from '../read/catalog';
import { keyText } from '../read/unapplied';
import type { Versions } from '../read/versions';
import { conflict } from './refusals';
import { catalogKey, type StagedCatalog } from './stagedcatalog';
import type { StagedKeys } from './stagedkeys';
import type { StagedRecords } from './stagedrecords';

interface ConflictsParts {
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly timeline: Timeline;
  readonly branch: string;
  readonly records: StagedRecords;
  readonly catalog: StagedCatalog;
  readonly uniqueKeys: StagedKeys;
}

/** What a transaction may not have changed by others since its snapshot: all that it changes itself, or rests on. */
export class Conflicts {
  constructor(
    private readonly parts: ConflictsParts,
    private readonly snapshot: Lsn
  ) {}

  /** @throws WRITE_CONFLICT when others changed a document after the snapshot */
  assertUnchanged(collection: CollectionId, key: DocKey): void {
    const { timeline, versions, branch } = this.parts;
    if (timeline.head <= this.snapshot) {
      return;
    }
    const newest = versions.find(timeline.chain(timeline.head), collection, key);
    if (newest !== undefined && newest.lsn > this.snapshot) {
      throw conflict(branch);
    }
  }

  /** Checks everything at the commit. Steps, so that a large transaction can be checked in slices. @throws WRITE_CONFLICT */
  *check(): Generator<void> {
    const { records, timeline, uniqueKeys, branch } = this.parts;
    for (const collection of records.collections()) {
      if (collection !== CATALOG) {
        // Its options and indexes must be the ones that the documents were checked against.
        this.assertUnchanged(CATALOG, catalogKey(collection));
      }
      for (const key of records.keys(collection)) {
        this.assertUnchanged(collection, key);
        yield;
      }
    }
    const head = timeline.chain(timeline.head);
    for (const { index, key } of uniqueKeys.keys()) {
      if (uniqueKeys.holders(head, index.id, key) > 1) {
        throw conflict(branch);
      }
      yield;
    }
    if (records.hasCatalog) {
      this.assertNamesFree();
    }
  }

  /** @throws WRITE_CONFLICT when somebody else has given a name after the snapshot that is given here too */
  private assertNamesFree(): void {
    const { timeline, records, catalogs, catalog, branch } = this.parts;
    const mine = new Set([...records.keys(CATALOG)].map(keyText));
    const isMine = ({ id }: CollectionInfo) => mine.has(keyText(catalogKey(id)));
    for (const other of catalogs.at(timeline, timeline.head).list()) {
      const named = catalog.get(other.name);
      if (!isMine(other) && named !== undefined && isMine(named)) {
        throw conflict(branch);
      }
    }
  }
}
