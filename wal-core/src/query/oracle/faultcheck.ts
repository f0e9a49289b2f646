import { arrayOf, documentFromExtendedJson, fromExtendedJson, type RawValue } from '../../bson';
import { compileFilter } from '../filter';
import { compilePipeline } from '../pipeline';
import { compileProjection } from '../projection';
import { compileSort } from '../sort';
import { compileUpdate } from '../update';
import { array, object, string } from '../values';
import { errorOf, type RawClient } from './client';
import { FILTERS, PROJECTIONS, SORTS, STAGES, UPDATES } from './faults';
import { isError, type Mismatch } from './finds';
import { isArgonError } from '../../errors';
import { obj } from './random';

/** One faulty thing to be refused. */
export type Fault =
  | { readonly kind: 'filter' | 'projection' | 'sort' | 'stage'; readonly spec: unknown }
  | {
      readonly kind: 'update';
      readonly spec: unknown;
      readonly filters?: readonly unknown[];
      readonly query?: unknown;
    };

export const FAULTS: readonly Fault[] = [
  ...FILTERS.map(spec => ({ kind: 'filter' as const, spec })),
  ...PROJECTIONS.map(spec => ({ kind: 'projection' as const, spec })),
  ...SORTS.map(spec => ({ kind: 'sort' as const, spec })),
  ...UPDATES.map(({ update, filters, query }) => ({
    kind: 'update' as const,
    spec: update,
    ...(filters && { filters }),
    ...(query !== undefined && { query })
  })),
  ...STAGES.map(spec => ({ kind: 'stage' as const, spec }))
];

/** The one document of the collection that faults are tried on. */
export const FAULT_DOCUMENT = documentFromExtendedJson({
  _id: 1,
  n: 1,
  a: 3,
  str: 'x',
  arr: [1, 2],
  big: { $numberLong: '9223372036854775807' }
});

const COLLECTION = 'faults';

/** Undefined when both refuse with the same code (or, for what mongod lets pass, both let it pass). */
export async function compareFault(client: RawClient, fault: Fault): Promise<Mismatch | undefined> {
  const reply = await client.command('oracle', commandFor(fault));
  const theirs = errorOf(reply) ?? 'accepted';
  const ours = await tried(fault);
  if (isError(ours) && isError(theirs) ? ours.code === theirs.code : ours === theirs) return undefined;
  const show = (x: string | { code: number; message: string }): string =>
    isError(x) ? `${x.code}: ${x.message}` : x;
  return { what: JSON.stringify(fault), ours: show(ours), theirs: show(theirs) };
}

function commandFor(fault: Fault): Record<string, RawValue> {
  const spec = (): RawValue => object(documentFromExtendedJson(fault.spec));
  switch (fault.kind) {
    case 'filter':
      return { find: string(COLLECTION), filter: spec() };
    case 'projection':
      return { find: string(COLLECTION), projection: spec() };
    case 'sort':
      return { find: string(COLLECTION), sort: spec() };
    case 'stage':
      return { aggregate: string(COLLECTION), pipeline: array(arrayOf([spec()])), cursor: obj() };
    case 'update':
      return {
        findAndModify: string(COLLECTION),
        query: object(documentFromExtendedJson(fault.query ?? { _id: 1 })),
        update: fromUpdate(fault.spec),
        ...(fault.filters && {
          arrayFilters: array(arrayOf(fault.filters.map(f => object(documentFromExtendedJson(f)))))
        })
      };
  }
}

/** An update whose stages or operators are taken as documents, whatever their names look like. */
function fromUpdate(update: unknown): RawValue {
  if (!Array.isArray(update)) return object(documentFromExtendedJson(update));
  return array(
    arrayOf(
      update.map(stage =>
        typeof stage === 'object' ? object(documentFromExtendedJson(stage)) : fromExtendedJson(stage)
      )
    )
  );
}

async function tried(fault: Fault): Promise<string | { code: number; message: string }> {
  try {
    await apply(fault);
    return 'accepted';
  } catch (error) {
    if (isArgonError(error) && typeof error.data.mongoCode === 'number') {
      return { code: error.data.mongoCode, message: error.message };
    }
    throw error;
  }
}

async function apply(fault: Fault): Promise<void> {
  const spec = (): Buffer => documentFromExtendedJson(fault.spec);
  switch (fault.kind) {
    case 'filter':
      compileFilter(spec()).matches(FAULT_DOCUMENT);
      return;
    case 'projection':
      compileProjection(spec()).apply(FAULT_DOCUMENT);
      return;
    case 'sort':
      compileSort(spec()).compare(FAULT_DOCUMENT, FAULT_DOCUMENT);
      return;
    case 'stage': {
      const pipeline = compilePipeline([spec()]);
      for await (const batch of pipeline.run(one([FAULT_DOCUMENT]), { collection: () => one([]) }))
        void batch;
      return;
    }
    case 'update': {
      const filter = compileFilter(documentFromExtendedJson(fault.query ?? { _id: 1 }));
      const { matched, position } = filter.matchWithPosition(FAULT_DOCUMENT);
      const arrayFilters = fault.filters?.map(f => documentFromExtendedJson(f));
      const update = compileUpdate(fromUpdate(fault.spec), arrayFilters ? { arrayFilters } : {});
      if (matched) update.apply(FAULT_DOCUMENT, position === undefined ? {} : { position });
    }
  }
}

async function* one(docs: readonly Buffer[]): AsyncIterable<readonly Buffer[]> {
  yield docs;
}
