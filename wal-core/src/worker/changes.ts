import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ChangeOp, CollectionId } from '../api';
import type { ChangeCounts } from '../diff/far';
import { readVersions } from '../diff/sides';
import { opBetween } from '../diff/diff';
import { CATALOG } from '../read/catalog';
import type { LineReader } from '../read/line';
import type { Versions } from '../read/versions';
import { ChangeFile } from './changefile';
import type { ChangeRow } from './changerows';
import { ChangeRuns } from './changeruns';
import type { ChangesFound, ChangesTask } from './messages';
import type { Pulse } from './pulse';

const COLLECTION_BYTES = 4;

/** Gathers the changes between states into a file, in key order. */
export async function changes(
  task: ChangesTask,
  line: LineReader,
  versions: Versions,
  pulse: Pulse
): Promise<ChangesFound> {
  const { partings, states, path, rowsMax } = task;
  const runs = new ChangeRuns(rowsMax, dirname(path));
  let file: ChangeFile | undefined;
  let done = 0;
  try {
    for (const { point, stretches } of partings) {
      for (const { side, timeline, after, upTo } of stretches) {
        for (const { record } of line.records(timeline, after, upTo)) {
          runs.note(record, side, point);
          done++;
          if (pulse.isDue) {
            await pulse.beat(done);
          }
        }
      }
    }
    const counts = new Map<CollectionId, ChangeCounts>();
    file = new ChangeFile(path);
    for (const row of runs.rows()) {
      if (states === undefined || isChanged(row, states, versions, counts)) {
        file.add(row);
      }
      done++;
      if (pulse.isDue) {
        await pulse.beat(done);
      }
    }
    file.flush();
    const { blocks, collections } = file;
    return { blocks, collections, counts: states === undefined ? undefined : counts };
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    file?.close();
    runs.close();
  }
}

/** Compares the images of a document, and counts it when they differ. Entries of the catalog are compared elsewhere. */
function isChanged(
  { key: row, value }: ChangeRow,
  [from, to]: NonNullable<ChangesTask['states']>,
  versions: Versions,
  counts: Map<CollectionId, ChangeCounts>
): boolean {
  const collection = row.readUInt32BE(0) as CollectionId;
  if (collection === CATALOG) {
    return true;
  }
  const key = row.subarray(COLLECTION_BYTES);
  const [before, after] = readVersions(value);
  const op: ChangeOp | undefined = opBetween(
    versions.knownTo(from, collection, key, before),
    versions.knownTo(to, collection, key, after)
  );
  if (op === undefined) {
    return false;
  }
  const count = counts.get(collection) ?? { insert: 0, update: 0, delete: 0 };
  counts.set(collection, count);
  count[op]++;
  return true;
}
