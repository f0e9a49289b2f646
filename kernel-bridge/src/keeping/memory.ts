import type { Engine } from '@argon/wal-core';
import { deserialize, serialize } from 'bson';
import type { GcReason } from './due';

/** Where it lies among the engine's values. */
const KEY = 'keeping';

/** A collection that the keeper has made. */
export interface LastRun {
  readonly at: Date;
  readonly reason: GcReason;
  /** What it gave back: bytes of the log's files, and of rows in the state. */
  readonly logBytes: number;
  readonly stateBytes: number;
}

/** From where it is counted what has come together. */
export interface Since {
  readonly at: Date;
  readonly records: number;
  readonly logBytes: number;
}

interface Stored {
  readonly automatic: boolean;
  readonly since: Since;
  readonly last?: LastRun;
  /** When the first branch or project was deleted that is not collected yet. */
  readonly deletedAt?: Date;
}

/** What is remembered of automatic collections in a data directory, over restarts. */
export class KeepingMemory {
  private constructor(
    private readonly engine: Engine,
    private stored: Stored
  ) {}

  /** `now` counts when nothing is remembered. */
  static read(engine: Engine, now: Since): KeepingMemory {
    const value = engine.getValue(KEY);
    return new KeepingMemory(
      engine,
      value === undefined ? { automatic: true, since: now } : (deserialize(value) as Stored)
    );
  }

  get automatic(): boolean {
    return this.stored.automatic;
  }

  get since(): Since {
    return this.stored.since;
  }

  get last(): LastRun | undefined {
    return this.stored.last;
  }

  get deletedAt(): Date | undefined {
    return this.stored.deletedAt;
  }

  /** A branch or a project was deleted. */
  async deleted(at: Date): Promise<void> {
    if (this.stored.deletedAt === undefined) {
      await this.put({ ...this.stored, deletedAt: at });
    }
  }

  setAutomatic(automatic: boolean): Promise<void> {
    return this.put({ ...this.stored, automatic });
  }

  /** What was deleted after the collection began waits for the next one. */
  collected(last: LastRun, figures: Omit<Since, 'at'>, begunAt: Date): Promise<void> {
    const { deletedAt, ...stored } = this.stored;
    const left = deletedAt === undefined || deletedAt <= begunAt ? {} : { deletedAt };
    return this.put({ ...stored, ...left, since: { at: last.at, ...figures }, last });
  }

  /** One that failed: only as long as the process lives. */
  tried(at: Date, figures: Omit<Since, 'at'>): void {
    const { deletedAt: _, ...stored } = this.stored;
    this.stored = { ...stored, since: { at, ...figures } };
  }

  private async put(stored: Stored): Promise<void> {
    this.stored = stored;
    await this.engine.putValue(KEY, Buffer.from(serialize(stored)));
  }
}
