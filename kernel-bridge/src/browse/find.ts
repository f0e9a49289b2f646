import {
  T,
  docKeyOfValue,
  documentToExtendedJson,
  field,
  toExtendedJson,
  type DocKey,
  type Filter,
  type Image,
  type Projection,
  type QueryOptions,
  type RawValue,
  type Snapshot
} from '@argon/wal-core';
import { defaultCollation, viewOf } from '../wire/collection-kind';
import { filterOf, projectionOf, sortOf } from '../wire/compile';
import type { ReadContext } from '../wire/context';
import { allOf, planRead } from '../wire/open-run';
import type { Plan } from '../wire/plan';
import { QueryRun, type Query } from '../wire/query';
import { viewDocuments } from '../wire/view-read';
import { markText, readMark, type PageMark } from './mark';

/** Raw BSON of documents in one page. In a reply they take three times as much at most, names and types included. */
const PAGE_BYTES_MAX = 2 * 1024 * 1024;

/** A query of a page, as raw BSON. */
export interface PageQuery {
  readonly collection: string;
  readonly filter?: Buffer | undefined;
  readonly sort?: Buffer | undefined;
  readonly projection?: Buffer | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** One document of a page. */
export interface PageDocument {
  readonly id: unknown;
  readonly bytes: number;
  /** Absent when it is too large for a reply. */
  readonly document?: unknown;
}

/** A page. */
export interface Page {
  readonly documents: readonly PageDocument[];
  readonly read: string;
  readonly examined: number;
  readonly next: string | undefined;
}

/** Reads a page of a collection or view. */
export async function readPage(context: ReadContext, snapshot: Snapshot, query: PageQuery): Promise<Page> {
  const info = snapshot.collection(query.collection);
  const mark = query.after === undefined ? undefined : readMark(query.after, snapshot.lsn);
  const options = optionsOf(info);
  const compiled = {
    filter: filterOf(query.filter, options),
    projection: projectionOf(query.projection, options)
  };
  return viewOf(info) === undefined
    ? readCollection(context, snapshot, query, mark, compiled, options)
    : readView(context, snapshot, query, mark, compiled);
}

/** How many documents fit a filter; one more than `most` is the most it says. */
export async function countUpTo(
  context: ReadContext,
  snapshot: Snapshot,
  { collection, filter }: Pick<PageQuery, 'collection' | 'filter'>,
  most: number
): Promise<number> {
  const info = snapshot.collection(collection);
  if (viewOf(info) !== undefined) {
    const target = { place: { snapshot, project: snapshot.project.name }, collection, info };
    let found = 0;
    for await (const batch of viewDocuments(context, target, { filter, limit: most + 1 })) {
      context.operation.check();
      found += batch.length;
    }
    return found;
  }
  const compiled = filterOf(filter, optionsOf(info));
  const query = { ...allOf(compiled), limit: compiled.isEmpty ? Infinity : most + 1 };
  const plan = planRead(context, snapshot, info, query, undefined);
  return new QueryRun(snapshot, info, plan, query, context.operation).count();
}

/** Compiles what belongs to a query, so that a bad part of it is told before anything is read. */
function optionsOf(info: Parameters<typeof defaultCollation>[0]): QueryOptions {
  const collation = defaultCollation(info);
  return { now: Date.now(), ...(collation && { collation }) };
}

interface Compiled {
  readonly filter: Filter;
  readonly projection: Projection | undefined;
}

async function readCollection(
  context: ReadContext,
  snapshot: Snapshot,
  { collection, sort: sortSource, limit }: PageQuery,
  mark: PageMark | undefined,
  compiled: Compiled,
  options: QueryOptions
): Promise<Page> {
  const info = snapshot.collection(collection);
  const sort = sortOf(sortSource, options);
  const { filter } = compiled;
  const hint = mark === undefined ? undefined : hintOf(mark.plan);
  let plan = planRead(context, snapshot, info, { filter, sort }, hint);
  const byKey = plan.kind === 'scan' && sort === undefined && !plan.reverse && plan.natural !== true;
  const lastKey = mark !== undefined && 'key' in mark ? mark.key : undefined;
  if (lastKey !== undefined) {
    plan = fromKey(plan, lastKey);
  }
  const skip = mark !== undefined && 'skip' in mark ? mark.skip : 0;
  // One more than shown tells whether there is a next page; behind a key, the document at it comes again.
  const most = limit + (lastKey === undefined ? 1 : 2);
  const query: Query = { filter, sort, projection: undefined, skip, limit: most };
  const run = new QueryRun(snapshot, info, plan, query, context.operation);
  const images = new PageImages(limit);
  for await (const batch of run.documents()) {
    context.operation.check();
    const isFirst = lastKey !== undefined && images.taken.length === 0;
    if (images.add(isFirst ? batch.filter(image => !keyOf(image).equals(lastKey)) : batch)) {
      break;
    }
  }
  const name = nameOf(plan);
  const last = images.taken.at(-1);
  const end: PageMark | undefined =
    !images.isCut || last === undefined
      ? undefined
      : byKey
        ? { lsn: snapshot.lsn, plan: '', key: keyOf(last) }
        : { lsn: snapshot.lsn, plan: plan.kind === 'index' ? name : '', skip: skip + images.taken.length };
  return {
    documents: images.taken.map(image => shown(image, compiled)),
    read: name,
    examined: run.statistics.docsExamined,
    next: end && markText(end)
  };
}

async function readView(
  context: ReadContext,
  snapshot: Snapshot,
  { collection, filter, sort, limit }: PageQuery,
  mark: PageMark | undefined,
  compiled: Compiled
): Promise<Page> {
  const info = snapshot.collection(collection);
  const target = { place: { snapshot, project: snapshot.project.name }, collection, info };
  const skip = mark !== undefined && 'skip' in mark ? mark.skip : 0;
  const images = new PageImages(limit);
  for await (const batch of viewDocuments(context, target, { filter, sort, skip, limit: limit + 1 })) {
    context.operation.check();
    if (images.add(batch)) {
      break;
    }
  }
  return {
    documents: images.taken.map(image => shown(image, compiled)),
    read: 'view',
    examined: images.taken.length,
    next: images.isCut
      ? markText({ lsn: snapshot.lsn, plan: '', skip: skip + images.taken.length })
      : undefined
  };
}

/** The documents of one page, bounded by number and bytes. */
class PageImages {
  readonly taken: Image[] = [];
  /** Whether there is something behind the page. */
  isCut = false;
  private bytes = 0;

  constructor(private readonly limit: number) {}

  /** True when nothing more fits. */
  add(batch: readonly Image[]): boolean {
    for (const image of batch) {
      const size = Math.min(image.length, DOCUMENT_BYTES_MAX);
      const isFull = this.taken.length > 0 && this.bytes + size > PAGE_BYTES_MAX;
      if (this.taken.length === this.limit || isFull) {
        this.isCut = true;
        return true;
      }
      this.taken.push(image);
      this.bytes += image.length > DOCUMENT_BYTES_MAX ? 0 : size;
    }
    return false;
  }
}

/** A document of more BSON may not fit into a reply beside others. */
const DOCUMENT_BYTES_MAX = PAGE_BYTES_MAX;

function shown(image: Image, { filter, projection }: Compiled): PageDocument {
  const id = field(image, '_id');
  const part = projection === undefined ? image : projected(image, filter, projection);
  return {
    id: id === undefined ? null : toExtendedJson(id),
    bytes: image.length,
    ...(part.length > DOCUMENT_BYTES_MAX ? {} : { document: documentToExtendedJson(part) })
  };
}

function projected(image: Image, filter: Filter, projection: Projection): Image {
  const position = projection.needsPosition ? filter.matchWithPosition(image).position : undefined;
  return projection.apply(image, position);
}

/** How a plan finds its documents, in a word. */
function nameOf(plan: Plan): string {
  return plan.kind === 'index' ? `index:${plan.plan.index.name}` : plan.kind;
}

function hintOf(plan: string): RawValue | undefined {
  if (!plan.startsWith('index:')) {
    return undefined;
  }
  const name = Buffer.from(`${plan.slice('index:'.length)}\0`);
  const length = Buffer.alloc(4);
  length.writeInt32LE(name.length);
  return { type: T.STRING, bytes: Buffer.concat([length, name]) };
}

function keyOf(image: Image): DocKey {
  return docKeyOfValue(field(image, '_id')!);
}

/** The part of a scan from a key on, inclusive: keys of the store have no nearest neighbour that could be named. */
function fromKey(plan: Plan, key: DocKey): Plan {
  if (plan.kind !== 'scan') {
    return plan;
  }
  const stretches = plan.stretches
    .filter(({ to }) => to === undefined || Buffer.compare(to, key) >= 0)
    .map(stretch =>
      stretch.from !== undefined && Buffer.compare(stretch.from, key) > 0
        ? stretch
        : { ...stretch, from: key }
    );
  return stretches.length === 0 ? { kind: 'none' } : { ...plan, stretches };
}
