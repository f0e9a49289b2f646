import type { CollectionId, DocKey, Image, Lsn, TimelineId } from '../api';
import type { ChainLink, Project, Timeline } from '../branch/model';
import { includes, mergeBases, type Reach, seenBy } from '../branch/seen';
import { type Parting, partingOf } from '../diff/changed';
import type { LineReader } from '../read/line';
import type { View } from '../read/snapshot';
import type { Versions } from '../read/versions';
import { mergeDocuments, sameImage } from './threeway';

/** The common state that both sides of a merge are compared with. */
export interface MergeBase {
  /** For people: `main@949`, or several after a criss-cross. */
  readonly text: string;
  readonly reaches: readonly Reach[];
  /** `lsn`: of the version there, if it is known; only of a base that is a single state. */
  image(collection: CollectionId, key: DocKey, lsn?: Lsn): Image | undefined;
}

export interface BaseParts {
  readonly versions: Versions;
  readonly line: LineReader;
  readonly nameOf: (timeline: Timeline) => string;
}

/** A state as a reach of its timeline, or of the ancestor it really lies on. */
function reachOf(line: LineReader, view: View): Reach {
  let timeline = view.line;
  while (timeline.parent !== undefined && view.lsn < timeline.forkLsn) {
    timeline = timeline.parent;
  }
  return { timeline, lsn: view.lsn, ordinal: line.ordinalAt(timeline, view.lsn) };
}

/** The reach whose last change is the last of `reach`: a timeline that has none yet says nothing of its own. */
function standsOn(reach: Reach): Reach {
  let { timeline, lsn, ordinal } = reach;
  while (ordinal === 0 && timeline.parent !== undefined && timeline.merges.length === 0) {
    lsn = timeline.forkLsn;
    ordinal = timeline.forkOrdinal;
    timeline = timeline.parent;
  }
  return { timeline, lsn, ordinal };
}

/** Where a merge of two states starts, several states after a criss-cross; undefined when ours includes theirs. */
export function findBases(line: LineReader, project: Project, ours: View, theirs: View): Reach[] | undefined {
  const seenOurs = seenBy(project, reachOf(line, ours));
  const reach = reachOf(line, theirs);
  return includes(seenOurs, standsOn(reach))
    ? undefined
    : mergeBases(project, seenOurs, seenBy(project, reach)).sort((a, b) => a.lsn - b.lsn);
}

/**
 * The merge base that stands on `reaches`. After criss-cross merges there are several greatest
 * common states; then the base of a document is their own three-way merge, and a path on which they
 * disagree has no base at all, so that it is asked about unless both sides now agree.
 */
export function mergeBase(parts: BaseParts, project: Project, reaches: readonly Reach[]): MergeBase {
  const steps = stepsOf(project, reaches);
  return {
    text: reaches.map(reach => `${parts.nameOf(reach.timeline)}@${reach.lsn}`).join(' + '),
    reaches,
    image: (collection, key, lsn) => {
      const at = (chain: readonly ChainLink[]) => parts.versions.known(chain, collection, key, lsn);
      let merged: Image | undefined;
      for (const [i, { chain, root }] of steps.entries()) {
        merged = i === 0 ? at(chain) : combined(root === undefined ? undefined : at(root), merged, at(chain));
      }
      return merged;
    }
  };
}

/** One of several bases, with the state that it and those before it come from. */
interface Step {
  readonly chain: readonly ChainLink[];
  readonly root: readonly ChainLink[] | undefined;
}

function stepsOf(project: Project, reaches: readonly Reach[]): Step[] {
  const steps: Step[] = [];
  const seen = new Map<TimelineId, Reach>();
  for (const reach of reaches) {
    const fresh = seenBy(project, reach);
    const [root] = seen.size === 0 ? [] : mergeBases(project, seen, fresh);
    steps.push({
      chain: reach.timeline.chain(reach.lsn),
      root: root?.timeline.chain(root.lsn)
    });
    for (const [id, other] of fresh) {
      if ((seen.get(id)?.ordinal ?? -1) < other.ordinal) {
        seen.set(id, other);
      }
    }
  }
  return steps;
}

/** What two bases of a document have in common, seen from where both come from. */
function combined(root: Image | undefined, a: Image | undefined, b: Image | undefined): Image | undefined {
  if (sameImage(a, b) || sameImage(root, b)) {
    return a;
  }
  if (sameImage(root, a)) {
    return b;
  }
  return a === undefined || b === undefined ? undefined : mergeDocuments(root, a, b, () => undefined);
}

/** How a base and `side` came to differ: once for each of the states that it is made of. */
export function partingsOf(base: MergeBase, side: View): Parting[] {
  return base.reaches
    .map(reach => partingOf(reach.timeline.chain(reach.lsn), side.chain))
    .filter(parting => parting !== undefined);
}
