/** Bytes by which the log must have grown since the last collection: that of one segment, which then can be compressed. */
export const GC_LOG_BYTES_MIN = 64 * 1024 * 1024;
/** Changes since the last collection. */
export const GC_RECORDS_MIN = 100_000;
/** How long changes of any number wait. */
export const GC_INTERVAL_MS = 6 * 60 * 60 * 1000;
/** How long a deleted branch or project waits for others, and for somebody who changes their mind. */
export const GC_DELETED_MS = 60_000;
/** Changes in one look, and share of the main thread in use, from which on the bridge is busy. */
export const QUIET_RECORDS_MAX = 1_500;
export const QUIET_LOAD_MAX = 0.5;
/** A bridge that is never quiet collects when this many times as much has come together. */
export const OVERDUE_FACTOR = 4;

/** What has come together since the last collection. */
export interface Gathered {
  readonly logBytes: number;
  readonly records: number;
  /** Since the last collection; since the data directory was seen first when there was none. */
  readonly ms: number;
  /** Since the first branch or project was deleted that is not collected yet; undefined when none was. */
  readonly deletedMs: number | undefined;
}

/** Why a collection is due. */
export type GcReason = 'log' | 'changes' | 'time' | 'deleted';

/** Why a collection is due; undefined when none is. Nothing is ever due when nothing has changed. */
export function dueReason({ logBytes, records, ms, deletedMs }: Gathered, factor = 1): GcReason | undefined {
  if (deletedMs !== undefined && deletedMs >= GC_DELETED_MS * factor) {
    return 'deleted';
  }
  if (logBytes >= GC_LOG_BYTES_MIN * factor) {
    return 'log';
  }
  if (records >= GC_RECORDS_MIN * factor) {
    return 'changes';
  }
  return records > 0 && ms >= GC_INTERVAL_MS * factor ? 'time' : undefined;
}

/** How busy the bridge was since the last look. */
export interface Load {
  readonly records: number;
  /** Share of the main thread that was in use, 0 to 1. */
  readonly share: number;
}

/** Why a collection is to begin now; undefined while none is due, or the bridge is busy and it can wait. */
export function reasonNow(gathered: Gathered, { records, share }: Load): GcReason | undefined {
  const isQuiet = records <= QUIET_RECORDS_MAX && share <= QUIET_LOAD_MAX;
  return dueReason(gathered, isQuiet ? 1 : OVERDUE_FACTOR);
}
