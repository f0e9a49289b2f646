import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARKER = 'damaged';

/** Leaves word in the folder of a state that it cannot be trusted. */
export function markDamaged(directory: string): void {
  try {
    writeFileSync(join(directory, MARKER), '');
  } catch {
    // A full or broken disk: whoever meets the damage next will say so again.
  }
}

export function isDamaged(directory: string): boolean {
  return existsSync(join(directory, MARKER));
}
