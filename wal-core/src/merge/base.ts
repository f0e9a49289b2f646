import type { CollectionId, DocKey, Image } from '../api';
import type { Project, Timeline } from '../branch/model';
import { mergeBases, type Reach, seenBy } from '../branch/seen';
import { type ChangedKeys, collectChanged, forkPoint } from '../diff/changed';
import type { LineReader } from '../read/line';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { mergeDocuments } from './threeway';

/** The common state that both sides of a merge are compared with. */
export interface MergeBase {
  /** For people: `main@949`, or several after a criss-cross. */
  readonly text: string;
  readonly reaches: readonly Reach[];
  image(collection: CollectionId, key: DocKey): Image | undefined;
}

export interface BaseParts {
  readonly versions: Versions;
  readonly line: LineReader;
  readonly nameOf: (timeline: Timeline) => string;
}

/** What a view includes, by fork and by merge. */
export function seenByView(line: LineReader, project: Project, view: View) {
  return seenBy(project, view.line, view.lsn, line.ordinalAt(view.line, view.lsn));
}

/**
 * The merge base of two states. After criss-cross merges there are several greatest common states;
 * then the base of a document is their own three-way merge, and a path on which they disagree has
 * no base at all, so that it is asked about unless both sides now agree.
 */
export function mergeBase(parts: BaseParts, project: Project, ours: View, theirs: View): MergeBase {
  const seenOurs = seenByView(parts.line, project, ours);
  const seenTheirs = seenByView(parts.line, project, theirs);
  const reaches = mergeBases(project, seenOurs, seenTheirs).sort((a, b) => a.lsn - b.lsn);
  return {
    text: reaches.map(reach => `${parts.nameOf(reach.timeline)}@${reach.lsn}`).join(' + '),
    reaches,
    image: (collection, key) => virtualImage(parts, project, reaches, collection, key)
  };
}

function imageAt(parts: BaseParts, reach: Reach, collection: CollectionId, key: DocKey): Image | undefined {
  return parts.versions.get(reach.timeline.chain(reach.lsn), collection, key);
}

function virtualImage(
  parts: BaseParts,
  project: Project,
  reaches: readonly Reach[],
  collection: CollectionId,
  key: DocKey
): Image | undefined {
  const [first, ...others] = reaches;
  if (first === undefined) {
    return undefined;
  }
  let merged = imageAt(parts, first, collection, key);
  let seen = seenBy(project, first.timeline, first.lsn, first.ordinal);
  for (const other of others) {
    const image = imageAt(parts, other, collection, key);
    const otherSeen = seenBy(project, other.timeline, other.lsn, other.ordinal);
    const older = mergeBases(project, seen, otherSeen)[0];
    const root = older === undefined ? undefined : imageAt(parts, older, collection, key);
    merged =
      merged === undefined || image === undefined
        ? undefined
        : mergeDocuments(root, merged, image, () => undefined);
    seen = new Map([
      ...seen,
      ...[...otherSeen].filter(([id, reach]) => (seen.get(id)?.lsn ?? -1) < reach.lsn)
    ]);
  }
  return merged;
}

/** Keys that `side` may have changed since any of the bases. */
export async function changedSinceBase(line: LineReader, base: MergeBase, side: View): Promise<ChangedKeys> {
  const keys: ChangedKeys = new Map();
  for (const reach of base.reaches) {
    const chain = reach.timeline.chain(reach.lsn);
    const point = forkPoint(chain, side.chain);
    if (point !== undefined) {
      await collectChanged(line, chain, point, keys);
      await collectChanged(line, side.chain, point, keys);
    }
  }
  return keys;
}
