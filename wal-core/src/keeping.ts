/**
 * The words of keeping a data directory: verifying it, collecting garbage, backing it up. Like `api.ts`
 * everything here is data or an interface.
 */

import type { CommitTime, Lsn } from './api';

/** How far a long piece of work has come; `total` is what is known of it now. */
export interface KeepingProgress {
  /** What it works on, for people: `log`, `versions`, `indexes` … */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** Options of all long work. */
export interface KeepingOptions {
  /** @throws CANCELLED soon after it is aborted */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: KeepingProgress) => void;
}

export interface VerifyOptions extends KeepingOptions {
  /** Ends after this many problems; default 100. */
  readonly problemsMax?: number;
}

/** Something that is not as it must be. */
export interface VerifyProblem {
  /** A file inside the data directory (`log/00000001.log`), or a table of the state (`state:ver`). */
  readonly where: string;
  /** Of the first bad byte or record, in a file. */
  readonly offset?: number;
  /** Of the first bad row, in a table: hex. */
  readonly key?: string;
  readonly what: string;
}

export interface VerifyReport {
  /** In the order in which they were found; the first is where to look first. Empty: all is well. */
  readonly problems: readonly VerifyProblem[];
  /** False when it ended early because of too many problems. */
  readonly isComplete: boolean;
  /** What was looked at. */
  readonly checked: {
    readonly segments: number;
    readonly logBytes: number;
    readonly frames: number;
    readonly records: number;
    readonly versions: number;
    readonly lineRows: number;
    readonly indexEntries: number;
    readonly collections: number;
    readonly rows: number;
    readonly images: number;
  };
}

/**
 * How much history of a branch stays readable behind its head. What either figure keeps is kept; without any, all of
 * it is. Heads, pins, runs, fork points, merge bases and open plans stay readable whatever it says.
 */
export interface RetentionPolicy {
  /** States that were current in the last so many milliseconds. */
  readonly keepMs?: number;
  /** The newest so many LSNs of the branch. */
  readonly keepLsns?: number;
}

/** Why something is kept. */
export type KeptKind =
  'head' | 'history' | 'pin' | 'run' | 'fork' | 'merge base' | 'plan' | 'ref' | 'transaction' | 'index';

export interface GcOptions extends KeepingOptions {
  /** Only say what would go and what would stay. */
  readonly dryRun?: boolean;
  /** Only this project; all when absent. */
  readonly project?: string;
  /** Instead of what projects and branches are set to, for this run. */
  readonly retention?: RetentionPolicy;
  /** Further states to keep, such as those that sessions look at. */
  readonly keep?: readonly { readonly project: string; readonly ref: string }[];
}

/** A reason to keep, and what goes only when it does. */
export interface GcKept {
  readonly project: string;
  readonly kind: KeptKind;
  /** Branch, pin, run, plan, ref, transaction, or index that is being made. */
  readonly name: string;
  /** The oldest LSN kept for it. */
  readonly lsn: Lsn;
  /** Versions of documents that nothing else needs, and their bytes. */
  readonly versionsAlone: number;
  readonly bytesAlone: number;
}

export interface GcReport {
  readonly dryRun: boolean;
  /** Rows of the state that went, or would go. */
  readonly rows: {
    readonly versions: number;
    readonly changes: number;
    readonly indexEntries: number;
    readonly commits: number;
    readonly other: number;
  };
  /** Bytes of those rows, keys and values: room that the state uses again. */
  readonly stateBytes: number;
  /** Bytes by which the files of the log became smaller. */
  readonly logBytes: number;
  /** Images of pages that were dropped with the states they show. */
  readonly images: number;
  /** Timelines of deleted branches and projects that are gone altogether. */
  readonly timelines: number;
  /** What was kept because of what; only of timelines that were looked at. */
  readonly kept: readonly GcKept[];
  /** From which LSN on each branch can be read; absent for branches that can be read from their beginning. */
  readonly horizons: readonly { readonly project: string; readonly branch: string; readonly lsn: Lsn }[];
}

/** Bytes on disk by kind, beside what the documents themselves take. */
export interface StorageFigures {
  /** Segments of the log that take frames or wait to be compressed. */
  readonly logBytes: number;
  /** Compressed segments. */
  readonly coldBytes: number;
  /** The file of the state, free pages included. */
  readonly stateBytes: number;
  /** Free pages inside it: they are used before it grows. */
  readonly stateFreeBytes: number;
  /** Images of pages. */
  readonly imageBytes: number;
  /** Raw BSON of the documents at the heads of the default branches, as far as they are in the state. */
  readonly liveBytes: number;
}

export interface BackupReport {
  /** Commit time of the newest commit in it. */
  readonly time: CommitTime;
  readonly projects: readonly { readonly name: string; readonly head: Lsn }[];
  /** All of the backup. */
  readonly files: number;
  readonly bytes: number;
  /** What had to be copied, because an earlier backup in the same folder had it not. */
  readonly copiedFiles: number;
  readonly copiedBytes: number;
}

export interface RestoreBackupOptions extends KeepingOptions {
  /**
   * Restores not to the end of the backup but to the moment when a project had come to an LSN, or to an instant. Only
   * moments after the last garbage collection before the backup can be restored.
   */
  readonly to?: { readonly project: string; readonly lsn: Lsn } | { readonly time: Date };
}

export interface RestoreBackupReport {
  readonly projects: readonly { readonly name: string; readonly head: Lsn }[];
  /** What verification of the restored directory found: nothing, when all is well. */
  readonly verified: VerifyReport;
}
