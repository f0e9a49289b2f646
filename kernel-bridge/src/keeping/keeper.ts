import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Engine, GcReport } from '@argon/wal-core';
import type { Logger } from '../logger';
import { dueReason, type Gathered, type GcReason, reasonNow } from './due';
import { KeepingMemory, type LastRun } from './memory';

/** How often it is looked whether a collection is due. */
export const LOOK_INTERVAL_MS = 15_000;

/** How the keeper is. */
export interface KeeperStatus {
  readonly automatic: boolean;
  readonly isRunning: boolean;
  /** Why the next one is due, when it waits for the bridge to be quiet. */
  readonly waits?: GcReason;
  readonly last?: LastRun;
  /** Why the newest one failed. */
  readonly failed?: string;
}

export interface KeeperOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  /** Further states that must stay, such as those that sessions look at. */
  readonly keep: () => readonly { readonly project: string; readonly ref: string }[];
  readonly clock: () => number;
  /** What lets go of states before it is decided what stays, such as those of deleted runs. Never rejects. */
  readonly letGo?: (signal: AbortSignal) => Promise<unknown>;
  /** Share of the main thread in use since it was asked last. */
  readonly load?: () => number;
}

/**
 * Collects garbage in the background: when enough has come together and the bridge is quiet. It takes what retention
 * lets go, what deleted branches and projects leave, and compresses closed segments of the log; never more than
 * `engine.gc` would. It can be switched off for a data directory.
 */
export class BackgroundKeeper {
  private readonly memory: KeepingMemory;
  private readonly load: () => number;
  private readonly stopListening: () => void;
  private readonly timer: NodeJS.Timeout;
  private recordsSeen: number;
  private running: Promise<void> | undefined;
  private ending = new AbortController();
  private failed: string | undefined;

  constructor(private readonly options: KeeperOptions) {
    const { engine, logger, clock } = options;
    this.memory = KeepingMemory.read(engine, { at: new Date(clock()), ...this.figures() });
    this.recordsSeen = this.figures().records;
    this.load = options.load ?? loadMeter();
    this.stopListening = engine.subscribe(event => {
      if ((event.type === 'branch' || event.type === 'project') && event.op === 'delete') {
        this.memory.deleted(new Date(clock())).catch((error: unknown) => {
          logger.warn('a deletion could not be remembered', { error: String(error) });
        });
      }
    });
    this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS).unref();
  }

  /** Begins a collection when it is time; resolves when it has ended, at once when it is not. */
  look(): Promise<void> {
    const { records } = this.figures();
    const load = { records: Math.max(0, records - this.recordsSeen), share: this.load() };
    this.recordsSeen = records;
    const reason = reasonNow(this.gathered(), load);
    if (reason === undefined || !this.memory.automatic || this.running !== undefined) {
      return this.running ?? Promise.resolve();
    }
    this.running = this.run(reason).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  status(): KeeperStatus {
    const waits =
      this.running === undefined && this.memory.automatic ? dueReason(this.gathered()) : undefined;
    const { automatic, last } = this.memory;
    return {
      automatic,
      isRunning: this.running !== undefined,
      ...(waits === undefined ? {} : { waits }),
      ...(last === undefined ? {} : { last }),
      ...(this.failed === undefined ? {} : { failed: this.failed })
    };
  }

  /** Switches automatic collections on or off for the data directory; one that runs is ended. */
  async setAutomatic(automatic: boolean): Promise<void> {
    await this.memory.setAutomatic(automatic);
    if (!automatic) {
      this.ending.abort();
      await this.running;
      this.ending = new AbortController();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.stopListening();
    this.ending.abort();
    await this.running;
  }

  private async run(reason: GcReason): Promise<void> {
    const { engine, logger, keep, clock, letGo } = this.options;
    const begunAt = new Date(clock());
    try {
      await letGo?.(this.ending.signal);
      const report = await engine.gc({ keep: keep(), signal: this.ending.signal });
      this.failed = undefined;
      await this.memory.collected(lastRun(report, reason, new Date(clock())), this.figures(), begunAt);
      logger.info('garbage was collected', { reason, ...gains(report) });
    } catch (error) {
      if (!this.ending.signal.aborted) {
        this.failed = error instanceof Error ? error.message : String(error);
        // It is not tried again before as much has come together again: what fails at once would fail all the time.
        this.memory.tried(new Date(clock()), this.figures());
        logger.warn('garbage could not be collected', { reason, error: this.failed });
      }
    }
  }

  private figures(): { readonly records: number; readonly logBytes: number } {
    const { engine } = this.options;
    const records = engine.projects().reduce((sum, { head }) => sum + head, 0);
    return { records, logBytes: engine.status().logBytes };
  }

  private gathered(): Gathered {
    const { records, logBytes } = this.figures();
    const { since, deletedAt } = this.memory;
    const now = this.options.clock();
    return {
      records: Math.max(0, records - since.records),
      logBytes: Math.max(0, logBytes - since.logBytes),
      ms: now - since.at.getTime(),
      deletedMs: deletedAt === undefined ? undefined : now - deletedAt.getTime()
    };
  }
}

function lastRun({ logBytes, stateBytes }: GcReport, reason: GcReason, at: Date): LastRun {
  return { at, reason, logBytes, stateBytes };
}

function gains({ logBytes, stateBytes, timelines, images }: GcReport): Record<string, number> {
  return { logBytes, stateBytes, timelines, images };
}

function loadMeter(): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
