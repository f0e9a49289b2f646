import type { CollectionId, DocKey, Image, Lsn, UndoSelector } from '../api';
import type { ChainLink, Project, Timeline } from '../branch/model';
import { CATALOG_NAME } from '../branch/names';
import type { Registry } from '../branch/registry';
import type { Reach } from '../branch/seen';
import { docKeyOf, docKeyOfValue } from '../bson';
import {
  type ChangedKey,
  type ChangedKeys,
  collectChanged,
  GatheredKeys,
  type Parting,
  partingOf
} from '../diff/changed';
import { type FarChanges, type FarOptions, isFar } from '../diff/far';
import { FirstRead } from '../diff/firstread';
import { keyBehind } from '../diff/mark';
import { lastWrite } from '../history/blame';
import { type Catalog, CATALOG, catalogImage, type Catalogs, collectionOf } from '../read/catalog';
import type { LineReader } from '../read/line';
import type { View } from '../read/snapshot';
import type { StatsReader } from '../read/stats';
import type { FoundVersion, Versions } from '../read/versions';
import { describeSelector, type SelectedDocument, Selection } from '../restore/undo';
import type { ScratchRoom } from '../store/scratch';
import type { OrderedStore } from '../store/store';
import { type MergeBase, mergeBase, partingsOf } from './base';
import type { WorkItem } from './work';

export interface SourceParts {
  readonly store: OrderedStore;
  readonly line: LineReader;
  readonly versions: Versions;
  readonly registry: Registry;
  readonly catalogs: Catalogs;
  readonly stats: StatsReader;
  readonly scratch: ScratchRoom;
  /** Another thread to gather on, where there is one. */
  readonly far?: FarChanges | undefined;
}

/**
 * Where the documents of a plan come from: which may be affected, and the three images each is decided from. It holds
 * keys only, in bounded memory; states never change, so the images are read when they are asked for.
 */
export interface PlanSource {
  /** For people: the common state. */
  readonly base: string;
  /** For people: what is undone or picked. */
  readonly what?: string;
  /** Collections with documents, by name; not the catalog. */
  readonly collections: readonly { readonly id: CollectionId; readonly name: string }[];
  /** Entries of the catalog, those that only come back with their documents too. */
  catalog(): readonly WorkItem[];
  /** Documents of a collection in key order, not below `from`. */
  documents(collection: CollectionId, from?: Buffer): Generator<WorkItem>;
  release(): void;
}

type Images = Pick<WorkItem, 'base' | 'ours' | 'version' | 'theirs' | 'byField' | 'isContested' | 'newest'>;

/** What the kinds of sources have in common: `Row` is what they know of a document before its images are read. */
abstract class Source<Row extends { readonly key: DocKey }> implements PlanSource {
  abstract readonly base: string;
  readonly collections: PlanSource['collections'];
  private readonly read = new FirstRead<WorkItem>();

  constructor(
    protected readonly parts: SourceParts,
    protected readonly ours: View,
    private readonly ids: readonly CollectionId[],
    private readonly catalogs: readonly Catalog[]
  ) {
    this.collections = ids
      .filter(id => id !== CATALOG)
      .map(id => ({ id, name: nameIn(catalogs, id) }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id));
  }

  protected abstract rows(collection: CollectionId, from?: Buffer): Generator<Row>;
  /** `version`: the one that ours has. */
  protected abstract images(collection: CollectionId, row: Row, version: FoundVersion | undefined): Images;
  abstract release(): void;

  *documents(collection: CollectionId, from?: Buffer): Generator<WorkItem> {
    let start = from;
    if (from === undefined) {
      const known = this.read.of(collection);
      yield* known;
      const last = known.at(-1);
      start = last === undefined ? undefined : keyBehind(last.key);
    }
    const collectionName = nameIn(this.catalogs, collection);
    for (const row of this.rows(collection, start)) {
      const { key } = row;
      const found = this.parts.versions.find(this.ours.chain, collection, key);
      const images = this.images(collection, row, found);
      const { base, ours, version, theirs, byField, isContested, newest } = images;
      // One by one: a spread costs as much as the reads.
      const item = {
        collection,
        collectionName,
        key,
        base,
        ours,
        version,
        theirs,
        byField,
        isContested,
        newest
      };
      if (from === undefined) {
        this.read.add(collection, item, lengthOf(base) + lengthOf(ours) + lengthOf(theirs));
      }
      yield item;
    }
  }

  catalog(): readonly WorkItem[] {
    const entries = this.ids.includes(CATALOG) ? [...this.documents(CATALOG)] : [];
    return [...this.spares(), ...entries].map(item => this.withCount(item));
  }

  /** Notes how many documents of ours stand behind a catalog entry that may go: an answer may take a base without it. */
  private withCount(item: WorkItem): WorkItem {
    if (item.ours === undefined || (item.base !== undefined && item.theirs !== undefined)) {
      return item;
    }
    const { id } = collectionOf(item.ours);
    const { count } = this.parts.stats.at(this.ours.line, this.ours.lsn, id);
    return { ...item, dropped: { id, documents: count } };
  }

  /** Catalog entries of collections that are gone from our side, for the case that a document of them returns. */
  private spares(): WorkItem[] {
    const spares: WorkItem[] = [];
    for (const { id } of this.collections) {
      const known = this.catalogs.map(catalog => catalog.getById(id)).find(found => found !== undefined);
      if (this.ours.catalog.getById(id) === undefined && known !== undefined) {
        const theirs = catalogImage(known);
        spares.push({
          collection: CATALOG,
          collectionName: CATALOG_NAME,
          key: docKeyOf(theirs),
          base: undefined,
          ours: undefined,
          theirs,
          byField: true,
          isContested: false,
          newest: () => 'theirs',
          spareFor: id
        });
      }
    }
    return spares;
  }

  /** Which side wrote a path last, in the history of a document in two states. */
  protected newest(theirs: View, collection: CollectionId, key: DocKey): WorkItem['newest'] {
    return path => {
      const at = (view: View) => lastWrite(this.parts, view.chain, collection, key, path) ?? (0 as Lsn);
      return at(theirs) > at(this.ours) ? 'theirs' : 'ours';
    };
  }
}

/** Everything that `theirs` has and `ours` has not, from the states they have in common. */
class MergeSource extends Source<ChangedKey> {
  constructor(
    parts: SourceParts,
    ours: View,
    private readonly theirs: View,
    private readonly bases: MergeBase,
    private readonly keys: ChangedKeys
  ) {
    super(parts, ours, keys.collections(), [ours.catalog, theirs.catalog]);
  }

  get base(): string {
    return this.bases.text;
  }

  protected rows(collection: CollectionId, from?: Buffer): Generator<ChangedKey> {
    return this.keys.keys(collection, from);
  }

  protected images(
    collection: CollectionId,
    { key, versions: [baseLsn, theirsLsn] }: ChangedKey,
    version: FoundVersion | undefined
  ): Images {
    const { bases, theirs, parts } = this;
    // Of several bases, each has another version.
    const isOne = bases.reaches.length === 1;
    const isSame = isOne && version !== undefined && version.lsn === baseLsn;
    return {
      base: isSame ? version.image : bases.image(collection, key, isOne ? baseLsn : undefined),
      ours: version?.image,
      version,
      theirs: parts.versions.known(theirs.chain, collection, key, isOne ? theirsLsn : undefined),
      byField: true,
      isContested: false,
      newest: this.newest(theirs, collection, key)
    };
  }

  release(): void {
    this.keys.release();
  }
}

/** What selected changes did: taken back on the branch that made them, or done again on another. */
class SelectionSource extends Source<SelectedDocument> {
  readonly base: string;
  readonly what: string;

  constructor(
    parts: SourceParts,
    ours: View,
    private readonly theirs: View,
    private readonly selection: Selection,
    private readonly isPick: boolean,
    selector: UndoSelector
  ) {
    const ids = [...selection.collections];
    super(parts, ours, ids, [ours.catalog, ...selectedCatalogs(parts, theirs.line, selection, ids)]);
    const last = isPick ? ((selection.firstLsn - 1) as Lsn) : selection.lastLsn;
    this.base = `${theirs.branch ?? 'timeline'}@${last}`;
    this.what = `${describeSelector(selector)}: ${selection.firstLsn}..${selection.lastLsn}`;
  }

  protected rows(collection: CollectionId, from?: Buffer): Generator<SelectedDocument> {
    return this.selection.documents(collection, from);
  }

  protected images(
    collection: CollectionId,
    document: SelectedDocument,
    version: FoundVersion | undefined
  ): Images {
    const { selection, isPick } = this;
    const { key, lastSelected, isMixed } = document;
    const before = selection.before(collection, document);
    const after = version?.lsn === lastSelected ? version.image : selection.after(collection, document);
    return {
      ...(isPick
        ? { base: before, theirs: after, byField: true }
        : { base: after, theirs: before, byField: collection === CATALOG }),
      ours: version?.image,
      version,
      isContested: isMixed,
      newest: isPick ? this.newest(this.theirs, collection, key) : () => 'ours'
    };
  }

  release(): void {
    this.selection.close();
  }
}

/** Documents as they were in a past state; nothing is asked. */
class RestoreSource extends Source<ChangedKey> {
  constructor(
    parts: SourceParts,
    ours: View,
    private readonly past: View,
    private readonly keys: ChangedKeys
  ) {
    super(parts, ours, keys.collections(), [ours.catalog, past.catalog]);
  }

  get base(): string {
    return this.past.ref;
  }

  protected rows(collection: CollectionId, from?: Buffer): Generator<ChangedKey> {
    return this.keys.keys(collection, from);
  }

  protected images(
    collection: CollectionId,
    { key, versions: lsns }: ChangedKey,
    version: FoundVersion | undefined
  ): Images {
    const ours = version?.image;
    const theirs = this.parts.versions.known(this.past.chain, collection, key, lsns[1]);
    return { base: ours, ours, version, theirs, byField: true, isContested: false, newest: () => 'theirs' };
  }

  release(): void {
    this.keys.release();
  }
}

export async function mergeSource(
  parts: SourceParts,
  project: Project,
  ours: View,
  theirs: View,
  bases: readonly Reach[]
): Promise<PlanSource> {
  const nameOf = (timeline: Timeline) => parts.registry.branchOf(timeline)?.name ?? `timeline-${timeline.id}`;
  const base = mergeBase({ ...parts, nameOf }, project, bases);
  const [only, ...others] = bases;
  const states =
    only === undefined || others.length > 0
      ? undefined
      : ([only.timeline.chain(only.lsn), theirs.chain] as const);
  const keys = await changedKeys(parts, partingsOf(base, theirs), states);
  return new MergeSource(parts, ours, theirs, base, keys);
}

/** @throws NOTHING_TO_DO, BAD_REQUEST */
export async function undoSource(parts: SourceParts, view: View, what: UndoSelector): Promise<PlanSource> {
  return new SelectionSource(parts, view, view, await Selection.find(parts, view, what), false, what);
}

/** @throws NOTHING_TO_DO, BAD_REQUEST */
export async function pickSource(
  parts: SourceParts,
  ours: View,
  theirs: View,
  what: UndoSelector
): Promise<PlanSource> {
  const selection = await Selection.find(parts, theirs, what, { inherited: true });
  return new SelectionSource(parts, ours, theirs, selection, true, what);
}

/** What a restore is about: a whole branch, a collection with its options and indexes, or some of its documents. */
export interface RestoreScope {
  readonly collection?: CollectionId;
  readonly keys?: readonly DocKey[];
}

export async function restoreSource(
  parts: SourceParts,
  ours: View,
  past: View,
  { collection, keys: wanted }: RestoreScope
): Promise<PlanSource> {
  if (collection !== undefined && wanted !== undefined) {
    const keys = new GatheredKeys(parts.scratch.make());
    for (const key of wanted) {
      keys.add(collection, key);
    }
    return new RestoreSource(parts, ours, past, keys);
  }
  const parting = partingOf(ours.chain, past.chain);
  const partings = parting === undefined ? [] : [parting];
  const all = await changedKeys(parts, partings, [ours.chain, past.chain]);
  if (collection === undefined) {
    return new RestoreSource(parts, ours, past, all);
  }
  try {
    const keys = await gathered(parts, found => ofCollection(all, collection, found));
    return new RestoreSource(parts, ours, past, keys);
  } finally {
    all.release();
  }
}

/** The keys of one collection, and that of its entry in the catalog. */
async function ofCollection(all: ChangedKeys, collection: CollectionId, keys: GatheredKeys): Promise<void> {
  keys.add(CATALOG, catalogKeyOf(collection));
  for (const { key } of all.keys(collection)) {
    keys.add(collection, key);
    if (keys.isHeavy) {
      await keys.relieve();
    }
  }
}

/** Keys that changed between states; with `states`, those that gather elsewhere leave out what is the same in both. */
export function changedKeys(
  parts: SourceParts,
  partings: readonly Parting[],
  states: readonly [readonly ChainLink[], readonly ChainLink[]] | undefined,
  options: FarOptions = {}
): Promise<ChangedKeys> {
  const { line, far } = parts;
  if (far !== undefined && isFar(line, partings, far.changesMin)) {
    return far.gather(partings, states, options).then(({ keys }) => keys);
  }
  return gathered(parts, async keys => {
    for (const parting of partings) {
      await collectChanged(line, parting, keys, options);
    }
  });
}

/** Keys that `gather` has found; when it fails, what they took is given back. */
async function gathered(
  { scratch }: SourceParts,
  gather: (keys: GatheredKeys) => Promise<void>
): Promise<ChangedKeys> {
  const keys = new GatheredKeys(scratch.make());
  try {
    await gather(keys);
    return keys;
  } catch (error) {
    keys.release();
    throw error;
  }
}

function lengthOf(image: Image | undefined): number {
  return image?.length ?? 0;
}

function catalogKeyOf(id: CollectionId): DocKey {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(id, 0);
  return docKeyOfValue({ type: 0x10, bytes });
}

/** Catalogs of a timeline that know every one of the collections of a selection. */
function selectedCatalogs(
  { catalogs, versions }: SourceParts,
  timeline: Timeline,
  { firstLsn, lastLsn }: Selection,
  ids: readonly CollectionId[]
): Catalog[] {
  const known = [catalogs.at(timeline, lastLsn), catalogs.at(timeline, (firstLsn - 1) as Lsn)];
  for (const id of ids) {
    if (id === CATALOG || known.some(catalog => catalog.getById(id) !== undefined)) {
      continue;
    }
    // It was made and dropped between the two.
    const dropped = versions.find(timeline.chain(lastLsn), CATALOG, catalogKeyOf(id));
    if (dropped !== undefined) {
      known.push(catalogs.at(timeline, (dropped.lsn - 1) as Lsn));
    }
  }
  return known;
}

function nameIn(catalogs: readonly Catalog[], id: CollectionId): string {
  if (id === CATALOG) {
    return CATALOG_NAME;
  }
  for (const catalog of catalogs) {
    const known = catalog.getById(id);
    if (known !== undefined) {
      return known.name;
    }
  }
  return `collection-${id}`;
}
