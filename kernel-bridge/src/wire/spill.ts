import { join } from 'node:path';
import { openSpill, type Spill } from '@argon/wal-core';
import type { ReadContext } from './context';

/** Opens a scratch file for a command that may use the disk (`allowDiskUse`); undefined for one that may not. */
export function spillOf({ args, services }: ReadContext): (() => Spill) | undefined {
  return args.has('allowDiskUse') && args.flag('allowDiskUse', false)
    ? () => openSpill(join(services.engine.directory, 'spill'))
    : undefined;
}
