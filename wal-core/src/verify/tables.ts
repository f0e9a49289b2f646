import type { Lsn, ProjectId, TimelineId } from '../api';
import { isKept } from '../branch/kept';
import type { Registry } from '../branch/registry';
import { decodeLine, type LineRow } from '../log/line';
import { lastLsnOf, type LineReader } from '../read/line';
import { decodeHeadRow } from '../store/headrow';
import { commitKeyLsn, lineKeyLsn, META_PREFIX_BYTES, metaKey, TABLE, verKey } from '../store/keys';
import type { OrderedStore, Row } from '../store/store';
import { type Findings, reasonOf } from './findings';
import { type LogCheck, loggedValue, rowName } from './log';
import { eachRow, WHOLE_TABLE } from './rows';

export interface TableCheckParts {
  readonly store: OrderedStore;
  readonly registry: Registry;
  readonly line: LineReader;
}

/** Tables from here on are derived while the log is applied; the others are control records of the log. */
const DERIVED_TABLES = Buffer.from([TABLE.timelineStat]);

/** Walks `line` and the small tables: nothing may be there that the log does not say. */
export class TableCheck {
  private last: { readonly timeline: TimelineId; readonly row: LineRow } | undefined;

  constructor(
    private readonly parts: TableCheckParts,
    private readonly log: LogCheck,
    private readonly findings: Findings
  ) {}

  async run(): Promise<void> {
    const { store } = this.parts;
    await eachRow(store, 'line', WHOLE_TABLE, this.findings, row => {
      this.findings.checked.lineRows++;
      this.guarded('line', row, () => this.lineRow(row));
    });
    const derived = { from: DERIVED_TABLES, to: WHOLE_TABLE.to };
    await eachRow(store, 'meta', derived, this.findings, row => {
      this.findings.checked.rows++;
      this.guarded('meta', row, () => this.derivedRow(row));
    });
    this.references();
  }

  private guarded(table: 'line' | 'meta', row: Row, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.findings.row(table, row.key, reasonOf(error));
    }
  }

  /** Rows of a timeline follow each other, and each change has made a version. */
  private lineRow({ key, value }: Row): void {
    const id = key.readUInt32BE(0) as TimelineId;
    const timeline = this.parts.registry.timeline(id);
    if (timeline === undefined) {
      return;
    }
    const row = decodeLine(lineKeyLsn(key), value);
    const before = this.last?.timeline === id ? this.last.row : undefined;
    this.last = { timeline: id, row };
    const after = before === undefined ? timeline.forkLsn : lastLsnOf(before);
    const { kept } = timeline;
    // What a collection took from the list, and a state that was made anew lists again, counts for nothing.
    const isCounted = before !== undefined && kept?.covers(before.firstLsn, after) !== false;
    const ordinal = before === undefined ? 0 : before.ordinal + (isCounted ? before.count : 0);
    const isNext = kept === undefined ? row.ordinal === ordinal : row.ordinal >= ordinal;
    if (!isNext || row.firstLsn <= after || lastLsnOf(row) > timeline.durableHead) {
      this.findings.row('line', key, 'The row does not follow the one before it.');
      return;
    }
    for (const record of row.records) {
      if (this.parts.store.get('ver', verKey(id, record.collection, record.key, record.lsn)) === undefined) {
        this.findings.row('line', key, `The change of LSN ${record.lsn} has made no version.`);
      }
    }
  }

  private derivedRow({ key, value }: Row): void {
    const { registry, line } = this.parts;
    const scope = key.readUInt32BE(1);
    switch (key[0]) {
      case TABLE.timelineStat: {
        const logged = this.log.heads.get(scope as TimelineId);
        const { lsn, count } = decodeHeadRow(value);
        const isOlder = logged !== undefined && lsn < logged.lsn;
        const isOther = logged?.isCounted === true && lsn === logged.lsn && count !== logged.count;
        const isKnown = registry.timeline(scope as TimelineId) !== undefined;
        if (isKnown && (isOlder || isOther || key.length !== META_PREFIX_BYTES)) {
          this.findings.row('meta', key, 'The head of the timeline is not what the log has.');
        }
        break;
      }
      case TABLE.commit: {
        const project = registry.projectById(scope as ProjectId);
        const timeline = project?.timelines.get(value.readUInt32BE(8) as TimelineId);
        const lastLsn = commitKeyLsn(key);
        // Of a timeline that is gone, nothing else is left.
        if (project !== undefined && timeline !== undefined && lastLsn <= project.durableHead) {
          if (timeline?.kept?.covers(value.readUIntBE(12, 6), lastLsn) === false) {
            break;
          }
          const row = line.rowAt(timeline, lastLsn);
          if (row === undefined || row.time !== value.readBigUInt64BE(0) || lastLsnOf(row) !== lastLsn) {
            this.findings.row('meta', key, `There is no commit that ends at LSN ${lastLsn}.`);
          }
        }
        break;
      }
      case TABLE.collectionStat:
      case TABLE.applied:
      case TABLE.format:
      case TABLE.multikey:
      case TABLE.sweep:
      case TABLE.dead:
        break;
      default:
        this.findings.row('meta', key, `There is no table ${key[0]}.`);
    }
  }

  /**
   * Compares the rows that the log has written with those of the state. `touched` answers afterwards which of them
   * were written since the log was walked: they are left to the next time.
   */
  async controlRows(touched: () => Promise<ReadonlySet<string>>): Promise<void> {
    const seen = new Set<string>();
    const suspects: { readonly name: string; readonly key: Buffer; readonly what: string }[] = [];
    const control = { from: Buffer.from([0]), to: DERIVED_TABLES };
    await eachRow(this.parts.store, 'meta', control, this.findings, ({ key, value }) => {
      this.findings.checked.rows++;
      const [table, scope] = [key[0]!, key.readUInt32BE(1)];
      const name = rowName({ table, scope, key: key.subarray(META_PREFIX_BYTES) });
      seen.add(name);
      if (this.log.rows.get(name) !== loggedValue(value)) {
        suspects.push({ name, key, what: 'The row is not what the log has.' });
      }
    });
    for (const [name, value] of this.log.rows) {
      if (value !== null && !seen.has(name)) {
        const [table, scope] = name.split(' ', 2).map(Number);
        const text = name.slice(`${table} ${scope} `.length);
        const key = metaKey(table!, scope!, Buffer.from(text, 'latin1'));
        suspects.push({ name, key, what: 'The row is missing.' });
      }
    }
    const later = suspects.length === 0 ? new Set() : await touched();
    for (const { name, key, what } of suspects) {
      // A reply may have been forgotten in a frame that is gone.
      const isForgotten = this.log.seenCold && key[0] === TABLE.retry;
      if (!later.has(name) && !isForgotten) {
        this.findings.row('meta', key, what);
      }
    }
  }

  /** What branches, pins and runs point to must be there. */
  private references(): void {
    for (const project of this.parts.registry.projects()) {
      const miss = (table: number, key: string | Buffer, what: string) =>
        this.findings.row('meta', metaKey(table, project.id, Buffer.from(key)), what);
      if (!project.branches.has(project.defaultBranch)) {
        miss(TABLE.branch, project.defaultBranch, 'The default branch is missing.');
      }
      for (const { name, timeline, lsn } of project.pins.values()) {
        if (!this.isThere(timeline, lsn)) {
          miss(TABLE.pin, name, `The pin ${JSON.stringify(name)} names a state that is not there.`);
        }
      }
      for (const { id, timeline, lsn, releasedAt } of project.runs.values()) {
        if (releasedAt === undefined && !this.isThere(timeline, lsn)) {
          miss(TABLE.run, id, `The run ${JSON.stringify(id)} names a state that is not there.`);
        }
      }
    }
  }

  private isThere(id: TimelineId, lsn: Lsn): boolean {
    const timeline = this.parts.registry.timeline(id);
    const project = timeline && this.parts.registry.projectById(timeline.project);
    return project !== undefined && lsn <= project.durableHead && isKept(timeline!, lsn);
  }
}
