import type { CollectionId, DocKey, Overlap, OverlapMark, OverlapOptions } from '../api';
import type { Project, Timeline } from '../branch/model';
import { type ChangedKeys, forkPoint, type Parting } from '../diff/changed';
import { changesIn } from '../diff/far';
import { ArgonError } from '../errors';
import { DIFF_PAGE_MAX, OVERLAP_DOCUMENTS_MAX } from '../limits';
import { Pace } from '../log/pace';
import { CATALOG } from '../read/catalog';
import type { View } from '../read/snapshot';
import { findBases, type MergeBase, mergeBase, partingsOf } from './base';
import { NO_ANSWERS } from './rules';
import { changedKeys, type SourceParts } from './source';
import { sameImage } from './threeway';
import { decide } from './work';

/** How many documents both sides changed, and of how many a merge asks. */
type Count = Pick<Overlap, 'documents' | 'asked' | 'isMore'>;

const NONE: Count = { documents: 0, asked: 0, isMore: false };

/**
 * What two states have both changed since their merge base. A document costs three images. For the count the changes
 * of that side are gathered which has fewer, and of them a bounded number is looked at.
 *
 * @returns undefined when `ours` includes `theirs`: a merge has nothing to do.
 * @throws BAD_REQUEST for a bad `limit` or too many `documents`, CANCELLED
 */
export async function overlapOf(
  parts: SourceParts,
  project: Project,
  ours: View,
  theirs: View,
  options: OverlapOptions = {}
): Promise<Overlap | undefined> {
  checkOptions(options);
  const bases = findBases(parts.line, project, ours, theirs);
  const point = forkPoint(ours.chain, theirs.chain);
  if (bases === undefined || point === undefined) {
    return undefined;
  }
  const nameOf = (timeline: Timeline) => parts.registry.branchOf(timeline)?.name ?? `timeline-${timeline.id}`;
  const sides = new Sides(parts, ours, theirs, mergeBase({ ...parts, nameOf }, project, bases));
  const { documents = [], limit = OVERLAP_DOCUMENTS_MAX } = options;
  return {
    base: sides.base.text,
    forkLsn: point.lsn,
    ...(limit === 0 ? NONE : await counted(parts, sides, limit, options.signal)),
    marks: documents.map(({ collection, key }) => {
      const found = theirs.collection(collection) ?? ours.collection(collection);
      return found === undefined ? 'none' : sides.mark(found.id, key);
    })
  };
}

/** Two states and the one they have in common. */
class Sides {
  constructor(
    private readonly parts: SourceParts,
    readonly ours: View,
    readonly theirs: View,
    readonly base: MergeBase
  ) {}

  /** What both made of a document. */
  mark(collection: CollectionId, key: DocKey): OverlapMark {
    const { versions } = this.parts;
    const base = this.base.image(collection, key);
    const ours = versions.get(this.ours.chain, collection, key);
    const theirs = versions.get(this.theirs.chain, collection, key);
    if (sameImage(base, ours) || sameImage(base, theirs)) {
      return 'none';
    }
    const decided = decide(
      {
        collection,
        collectionName: '',
        key,
        base,
        ours,
        theirs,
        byField: true,
        isContested: false,
        newest: () => 'ours'
      },
      NO_ANSWERS
    );
    return decided === undefined || decided.conflicts.length === 0 ? 'joined' : 'asked';
  }
}

async function counted(
  parts: SourceParts,
  sides: Sides,
  limit: number,
  signal: AbortSignal | undefined
): Promise<Count> {
  const keys = await changedKeys(parts, fewer(parts, sides), undefined, { signal });
  try {
    return await countIn(keys, sides, limit, new Pace(signal));
  } finally {
    keys.release();
  }
}

async function countIn(keys: ChangedKeys, sides: Sides, limit: number, pace: Pace): Promise<Count> {
  const count = { documents: 0, asked: 0 };
  let looked = 0;
  for (const id of keys.collections()) {
    // A collection that both dropped has no name, and is nobody's question.
    const info =
      id === CATALOG ? undefined : (sides.theirs.catalog.getById(id) ?? sides.ours.catalog.getById(id));
    if (info === undefined) {
      continue;
    }
    for (const { key } of keys.keys(id)) {
      if (looked === limit) {
        return { ...count, isMore: true };
      }
      looked++;
      const mark = sides.mark(id, key);
      count.documents += mark === 'none' ? 0 : 1;
      count.asked += mark === 'asked' ? 1 : 0;
      if (pace.isDue) {
        await pace.rest();
      }
    }
  }
  return { ...count, isMore: false };
}

/** The way from the base to the side that changed less: what both changed lies on either. */
function fewer({ line }: SourceParts, { base, ours, theirs }: Sides): readonly Parting[] {
  const [left, right] = [partingsOf(base, ours), partingsOf(base, theirs)];
  return changesIn(line, left) <= changesIn(line, right) ? left : right;
}

function checkOptions({ documents = [], limit = 0 }: OverlapOptions): void {
  if (!Number.isInteger(limit) || limit < 0 || limit > OVERLAP_DOCUMENTS_MAX) {
    throw new ArgonError(
      'BAD_REQUEST',
      `An overlap is counted among 0 to ${OVERLAP_DOCUMENTS_MAX} documents; ${limit} were asked for.`,
      { data: { limit: OVERLAP_DOCUMENTS_MAX, value: limit } }
    );
  }
  if (documents.length > DIFF_PAGE_MAX) {
    throw new ArgonError(
      'BAD_REQUEST',
      `At most ${DIFF_PAGE_MAX} documents are marked in one call; ${documents.length} were asked for.`,
      { data: { limit: DIFF_PAGE_MAX, value: documents.length } }
    );
  }
}
