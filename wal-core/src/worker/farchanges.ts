import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChainLink } from '../branch/model';
import type { Parting } from '../diff/changed';
import type { FarChanges, FarFound, FarOptions } from '../diff/far';
import { FAR_ROWS_MAX } from '../limits';
import type { Link } from '../read/versions';
import { FileKeys } from './changefile';
import type { WorkerPool } from './pool';

export interface WorkerChangesParts {
  readonly pool: WorkerPool;
  /** Where files may lie that nobody needs after the engine has closed. */
  readonly directory: string;
  readonly changesMin: number;
}

/** Lets a worker gather changes; what it finds comes in a file. */
export class WorkerChanges implements FarChanges {
  private made = 0;

  constructor(private readonly parts: WorkerChangesParts) {}

  get changesMin(): number {
    return this.parts.changesMin;
  }

  async gather(
    partings: readonly Parting[],
    states: readonly [readonly ChainLink[], readonly ChainLink[]] | undefined,
    options: FarOptions
  ): Promise<FarFound> {
    const { pool, directory, changesMin } = this.parts;
    const path = join(directory, `changes-${++this.made}`);
    const task = {
      kind: 'changes' as const,
      partings,
      path,
      // A test that sends few changes lets them be sorted in several runs.
      rowsMax: Math.min(FAR_ROWS_MAX, changesMin * 2),
      ...(states === undefined ? {} : { states: [linksOf(states[0]), linksOf(states[1])] as const })
    };
    try {
      const { blocks, collections, counts } = await pool.run(task, options);
      return { keys: new FileKeys(path, blocks, collections), counts };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }
}

/** An ancestry as plain data. */
function linksOf(chain: readonly ChainLink[]): Link[] {
  return chain.map(({ timeline: { id }, cap }) => ({ timeline: { id }, cap }));
}
