import fc from 'fast-check';
import { REAL_FILE_SYSTEM } from '../log/file/log';
import { type Plain, type World } from './world';

/** Nothing fits into memory here: keys go to files, records ahead into the log. */
export const TIGHT = {
  log: { fileSystem: { ...REAL_FILE_SYSTEM, sync: async () => undefined } },
  held: { bytesMax: 1_000_000, recordsMax: 5, scratchRowsMax: 3 }
};

export interface Edit {
  readonly collection: 'items' | 'orders';
  readonly id: number;
  readonly fields: Plain | undefined;
}

export const edit: fc.Arbitrary<Edit> = fc.record({
  collection: fc.constantFrom('items' as const, 'orders' as const),
  id: fc.nat({ max: 12 }),
  fields: fc.option(
    fc.record(
      { a: fc.nat({ max: 3 }), b: fc.nat({ max: 3 }), n: fc.record({ x: fc.nat({ max: 2 }) }) },
      { requiredKeys: [], noNullPrototype: true }
    ),
    { nil: undefined, freq: 6 }
  )
});

export const edits = fc.array(edit, { maxLength: 30 });

export async function write(world: World, branch: string, changes: readonly Edit[]): Promise<void> {
  for (const { collection, id, fields } of changes) {
    if (fields !== undefined) {
      await world.put(branch, [{ _id: id, ...fields }], { collection });
    } else if (world.get(branch, id, collection) !== undefined) {
      await world.remove(branch, [id], { collection });
    }
  }
}
