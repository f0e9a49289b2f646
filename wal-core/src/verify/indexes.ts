import type { CollectionInfo, DocKey, IndexId, IndexInfo, Lsn, TimelineId } from '../api';
import type { Timeline } from '../branch/model';
import type { Registry } from '../branch/registry';
import { decodeEntry, GONE, LIVE } from '../index/entry';
import type { IndexKeyMaker } from '../index/keys';
import type { Catalog, Catalogs } from '../read/catalog';
import type { Versions } from '../read/versions';
import { idxhKey, idxhKeyTo, IDXH_PREFIX_BYTES, IDXH_SUFFIX_BYTES } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { type Findings, reasonOf } from './findings';
import type { LoggedHead } from './log';
import { eachRow, WHOLE_TABLE } from './rows';

export interface IndexCheckParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly catalogs: Catalogs;
  readonly keys: IndexKeyMaker;
}

const IDX_PREFIX_BYTES = 8;

/** An index entry: what a row says, and where. */
interface Claim {
  readonly timeline: Timeline;
  readonly index: IndexId;
  readonly keyString: Buffer;
  readonly docKey: DocKey;
  readonly isLive: boolean;
  readonly from: Lsn;
  readonly row: Buffer;
}

/**
 * Walks `idx` and `idxh`: what each entry says of a document must be so. (That no entry is missing is seen
 * from the documents' side.)
 */
export class IndexCheck {
  constructor(
    private readonly parts: IndexCheckParts,
    private readonly heads: ReadonlyMap<TimelineId, LoggedHead>,
    private readonly findings: Findings
  ) {}

  async run(): Promise<void> {
    await this.walk('idx', row => this.liveEntry(row));
    await this.walk('idxh', row => this.deadEntry(row));
  }

  private walk(table: 'idx' | 'idxh', check: (row: Row) => void): Promise<void> {
    return eachRow(this.parts.store, table, WHOLE_TABLE, this.findings, row => {
      try {
        check(row);
      } catch (error) {
        this.findings.row(table, row.key, reasonOf(error));
      }
      if (this.findings.checked.indexEntries++ % 1024 === 0) {
        this.findings.progress('indexes', this.findings.checked.indexEntries, 0);
      }
    });
  }

  private claim({ key, value }: Row, composite: Buffer): Claim | undefined {
    const timeline = this.parts.registry.timeline(key.readUInt32BE(0) as TimelineId);
    if (timeline === undefined) {
      // Its project is deleted: nobody can read it any more.
      return undefined;
    }
    const { kind, from, keyStringLength } = decodeEntry(value);
    if ((kind !== LIVE && kind !== GONE) || keyStringLength >= composite.length) {
      throw new Error('The entry cannot be read.');
    }
    return {
      timeline,
      index: key.readUInt32BE(4) as IndexId,
      keyString: composite.subarray(0, keyStringLength),
      docKey: composite.subarray(keyStringLength),
      isLive: kind === LIVE,
      from,
      row: key
    };
  }

  private liveEntry(row: Row): void {
    const claim = this.claim(row, row.key.subarray(IDX_PREFIX_BYTES));
    const head = claim === undefined ? 0 : this.headOf(claim.timeline);
    // One that is newer than the walk over the log is left to the next verification.
    if (claim !== undefined && claim.from <= head) {
      this.holds('idx', claim, head as Lsn);
    } else if (claim !== undefined && claim.from > claim.timeline.durableHead) {
      this.findings.row('idx', row.key, `Its LSN ${claim.from} lies after the head of its timeline.`);
    }
  }

  private deadEntry(row: Row): void {
    const { key } = row;
    const claim = this.claim(row, key.subarray(IDXH_PREFIX_BYTES, key.length - IDXH_SUFFIX_BYTES));
    if (claim === undefined) {
      return;
    }
    const { timeline, index, keyString, docKey, from } = claim;
    const to = idxhKeyTo(key);
    if (from >= to || to > timeline.durableHead) {
      this.findings.row('idxh', key, `An entry cannot have lived from LSN ${from} to ${to}.`);
      return;
    }
    if (!idxhKey(timeline.id, index, keyString, docKey, from, to).equals(key)) {
      this.findings.row('idxh', key, 'The entry is not where it is looked for.');
      return;
    }
    if (timeline.kept !== undefined) {
      const at = timeline.kept.newestUpTo(to - 1);
      if (at >= from) {
        this.holds('idxh', claim, at as Lsn);
      }
    } else if (to <= this.headOf(timeline)) {
      this.holds('idxh', claim, from);
      this.holds('idxh', claim, (to - 1) as Lsn);
      this.begins('idxh', claim, to);
    }
  }

  private headOf(timeline: Timeline): Lsn {
    const head = this.heads.get(timeline.id)?.lsn ?? timeline.forkLsn;
    return (timeline.kept === undefined ? head : timeline.kept.newestUpTo(head)) as Lsn;
  }

  /** Whether a document has the key of an entry at an LSN, or has it not, as the entry says. */
  private holds(table: 'idx' | 'idxh', claim: Claim, lsn: Lsn): void {
    const { timeline, docKey, keyString, isLive, row } = claim;
    const found = indexById(this.parts.catalogs.at(timeline, lsn), claim.index);
    if (found === undefined) {
      // The index is dropped, and so is what it held.
      return;
    }
    const image = this.parts.versions.get(timeline.chain(lsn), found.collection.id, docKey);
    const isThere = this.parts.keys.keys(found.index, image).some(key => key.equals(keyString));
    if (isThere !== isLive) {
      const what = isLive ? 'has not the key of this entry' : 'has the key that this entry says is gone';
      this.findings.row(table, row, `The document ${what} at LSN ${lsn}.`);
      return;
    }
    this.begins(table, claim, claim.from);
  }

  /** An entry begins and ends where the document changes, or where its index is made. */
  private begins(table: 'idx' | 'idxh', { timeline, index, docKey, row }: Claim, lsn: Lsn): void {
    const { catalogs, versions } = this.parts;
    if (timeline.kept !== undefined) {
      // The version that it began with may be gone.
      return;
    }
    const collection = indexById(catalogs.at(timeline, lsn), index)?.collection.id;
    const isMade = indexById(catalogs.at(timeline, (lsn - 1) as Lsn), index) === undefined;
    if (
      collection !== undefined &&
      !isMade &&
      versions.find(timeline.chain(lsn), collection, docKey)?.lsn !== lsn
    ) {
      this.findings.row(table, row, `The document did not change at LSN ${lsn}.`);
    }
  }
}

function indexById(
  catalog: Catalog,
  id: IndexId
): { readonly collection: CollectionInfo; readonly index: IndexInfo } | undefined {
  for (const collection of catalog.list()) {
    const index = collection.indexes.find(candidate => candidate.id === id);
    if (index !== undefined) {
      return { collection, index };
    }
  }
  return undefined;
}
