import type { CommitTime, ProjectId } from '../api';
import { checkRetention } from '../branch/names';
import { backUp } from '../backup/backup';
import { collect, type GcParts } from '../gc/collect';
import { appliedUpTo } from '../gc/compact';
import type {
  BackupReport,
  GcOptions,
  GcReport,
  KeepingOptions,
  VerifyOptions,
  VerifyReport
} from '../keeping';
import type { ControlRecord } from '../log/frame';
import { verify } from '../verify/verify';
import { commitKey, commitKeyLsn, metaKey, TABLE } from '../store/keys';
import { compactAtStart } from '../store/lmdb/folder';
import type { Core } from './core';
import { Mutex } from './mutex';
import type { PlanBook } from './plans/book';

/** The reply of a retryable write is kept this long after its session was last heard of, in milliseconds. */
const REPLY_MS_MAX = 24 * 60 * 60 * 1000;

/** What keeps a data directory in order: one thing at a time, beside everybody else. */
export class KeepingOffice {
  private readonly lock = new Mutex();
  /** Sessions with remembered replies, their newest turns, and since when those are known. */
  private readonly turns = new Map<string, { readonly turn: string; readonly since: number }>();

  constructor(
    private readonly core: Core,
    private readonly plans: Pick<PlanBook, 'expire'>
  ) {}

  verify(options?: VerifyOptions): Promise<VerifyReport> {
    return this.lock.run(() => verify(this.core, options));
  }

  /** @throws BAD_REQUEST */
  async gc(options: GcOptions = {}): Promise<GcReport> {
    checkRetention(options.retention);
    return this.lock.run(async () => {
      if (options.dryRun !== true) {
        await this.expirePlans(options.project);
      }
      try {
        return await collect(this.parts(), options);
      } finally {
        this.core.lineShrank();
      }
    });
  }

  /** @throws BAD_REQUEST, DIRECTORY_LOCKED, DATA_CORRUPT, DISK_FULL, CANCELLED */
  backup(folder: string, options: KeepingOptions = {}): Promise<BackupReport> {
    const { core } = this;
    return this.lock.run(async () => {
      await core.caughtUp();
      const { directory, store, registry } = core;
      // What the state has is on disk, and nothing behind it is half a commit.
      const end = appliedUpTo(store);
      const time = (store.get('meta', metaKey(TABLE.applied, 0))?.readBigUInt64BE(10) ?? 0n) as CommitTime;
      const projects = registry.projects().map(({ id, name, durableHead }) => {
        const newest = store.last('meta', commitKey(id, 0), commitKey((id + 1) as ProjectId, 0));
        return { name, head: newest === undefined ? durableHead : commitKeyLsn(newest.key) };
      });
      return backUp({ directory, end, time, projects }, folder, options);
    });
  }

  /** The state gives its free pages back to the disk when the directory is opened next. */
  compactAtStart(): void {
    compactAtStart(this.core.directory);
  }

  private parts(): GcParts {
    const { core } = this;
    const { store, log, registry, versions, catalogs, stats, times } = core;
    return {
      store,
      log,
      registry,
      versions,
      catalogs,
      stats,
      times,
      wallMs: () => core.wallMs(),
      beforeGroup: (project, timeline, lsn) => core.beforeGroup(project, timeline, lsn),
      resolve: (project, ref) => core.resolve(project, ref),
      reading: () => core.reading(),
      caughtUp: () => core.caughtUp(),
      putRows: (rows, origin) => core.putRows(rows, origin),
      alone: work => core.controlLock.run(work),
      collectImages: (keptOf, isDry) => core.imageOffice.collect(keptOf, isDry),
      oldReplies: () => this.oldReplies()
    };
  }

  /** What old plans would still need goes with them. */
  private async expirePlans(name: string | undefined): Promise<void> {
    const { registry } = this.core;
    const projects = name === undefined ? registry.projects() : [registry.project(name)];
    for (const project of projects) {
      await this.plans.expire(project, { actor: 'gc' });
    }
  }

  /** Forgets the replies of sessions that have not written for long. */
  private oldReplies(): ControlRecord[] {
    const now = this.core.wallMs();
    const rows: ControlRecord[] = [];
    for (const { owner, turn } of [...this.core.retries.turns()]) {
      const known = this.turns.get(owner);
      if (known?.turn !== turn) {
        this.turns.set(owner, { turn, since: now });
      } else if (now - known.since > REPLY_MS_MAX) {
        this.turns.delete(owner);
        rows.push(...this.core.retries.forget(owner));
      }
    }
    return rows;
  }
}
