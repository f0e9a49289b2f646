import { join } from 'node:path';
import { openSpill, type Spill } from '@argon/wal-core';
import type { CommandContext } from './context';

/** Opens a scratch file for a command that may use the disk (`allowDiskUse`); undefined for one that may not. */
export function spillOf({ args, services }: CommandContext): (() => Spill) | undefined {
  return args.has('allowDiskUse') && args.flag('allowDiskUse', false)
    ? () => openSpill(join(services.engine.directory, 'spill'))
    : undefined;
}
