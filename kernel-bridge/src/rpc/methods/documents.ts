import { ArgonError, documentFromExtendedJson, type Snapshot } from '@argon/wal-core';
import { compareAnswers } from '../../browse/compare';
import { countUpTo, readPage } from '../../browse/find';
import { Reading } from '../../browse/reading';
import { capOf, defaultCollation, viewOf } from '../../wire/collection-kind';
import { filterOf } from '../../wire/compile';
import type { ReadContext } from '../../wire/context';
import { sizeOf } from '../../wire/sizes';
import { pageSize, type BridgeContext, type Caller, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { presentState } from '../present';
import type {
  DocumentsCompareResult,
  DocumentsFindResult,
  DocumentsStatisticsResult,
  ExtendedJson
} from '../protocol';
import { presentDocumentDiff } from '../values';

const DOCUMENTS_USUAL = 100;
const DOCUMENTS_MAX = 500;
const COUNT_USUAL = 100_000;

/** Documents of any state, for those who look at them: nothing is held between two pages. */
export function documentsMethods({ engine, sessions }: BridgeContext): Handlers<'documents'> {
  const reading = new Reading({ engine, sessions });
  const underWay = new UnderWay();

  /** Resolves the ref once, so that a page and its state belong together. */
  const run = <T>(
    {
      project,
      ref,
      collection,
      request
    }: { project: string; ref: string; collection: string; request?: string },
    caller: Caller,
    read: (context: ReadContext, snapshot: Snapshot) => Promise<T>
  ): Promise<T> => {
    const snapshot = engine.resolve(project, ref);
    if (snapshot.collection(collection) === undefined) {
      throw notThere(project, snapshot.ref, collection);
    }
    const what = `${collection} in ${snapshot.ref}`;
    return underWay.track(caller, request, signal =>
      reading.run(what, signal, context => read(context, snapshot))
    );
  };

  return {
    'documents.find'(params, caller) {
      const { collection, after, limit } = params;
      const query = {
        collection,
        filter: rawOf(params.filter, 'filter'),
        sort: rawOf(params.sort, 'sort'),
        projection: rawOf(params.projection, 'projection'),
        after
      };
      return fittingPage<DocumentsFindResult>(pageSize(limit, DOCUMENTS_USUAL, DOCUMENTS_MAX), size =>
        run(params, caller, async (context, snapshot) => {
          const page = await readPage(context, snapshot, { ...query, limit: size });
          return defined<DocumentsFindResult>({
            state: presentState(snapshot),
            documents: page.documents.map(document => ({ ...document })),
            read: page.read,
            examined: page.examined,
            next: page.next
          });
        })
      );
    },

    'documents.count'(params, caller) {
      const { collection, most = COUNT_USUAL } = params;
      const filter = rawOf(params.filter, 'filter');
      return run(params, caller, async (context, snapshot) => {
        const found = await countUpTo(context, snapshot, { collection, filter }, most);
        const isWhole = filter === undefined || filter.length === EMPTY_BYTES;
        const isExact = found <= most || (isWhole && viewOf(snapshot.collection(collection)) === undefined);
        return { state: presentState(snapshot), count: isExact ? found : most, exact: isExact };
      });
    },

    'documents.compare'(params, caller) {
      const { project, from, to, collection, after, limit, request } = params;
      const sides = [from, to].map(ref => engine.resolve(project, ref).collection(collection));
      if (sides.every(info => info === undefined)) {
        throw notThere(project, `${from} and ${to}`, collection);
      }
      const view = sides.map(viewOf).find(found => found !== undefined);
      if (view !== undefined) {
        throw new ArgonError(
          'BAD_REQUEST',
          `${JSON.stringify(collection)} is a view: only collections are compared. Compare ` +
            `${JSON.stringify(view.on)}, which it shows.`,
          { data: { project, collection, viewOn: view.on } }
        );
      }
      const collation = defaultCollation(sides[1] ?? sides[0]);
      const filter = filterOf(rawOf(params.filter, 'filter'), {
        now: Date.now(),
        ...(collation && { collation })
      });
      return underWay.track(caller, request, signal =>
        fittingPage<DocumentsCompareResult>(pageSize(limit, DOCUMENTS_USUAL, DOCUMENTS_MAX), async size => {
          const page = await compareAnswers(engine, {
            project,
            from,
            to,
            collection,
            filter,
            after,
            limit: size,
            signal
          });
          return defined<DocumentsCompareResult>({
            from: presentState(page.from),
            to: presentState(page.to),
            documents: page.documents.map(presentDocumentDiff),
            examined: page.examined,
            next: page.next
          });
        })
      );
    },

    'documents.statistics'(params, caller) {
      return run(params, caller, async (_context, snapshot) => {
        const info = snapshot.collection(params.collection)!;
        const state = presentState(snapshot);
        const view = viewOf(info);
        if (view !== undefined) {
          return { state, kind: 'view' as const, viewOn: view.on, estimated: false };
        }
        const { count, bytes, averageBytes, isEstimate } = await sizeOf(snapshot, info);
        const kind = capOf(info) === undefined ? 'collection' : 'capped';
        return defined<DocumentsStatisticsResult>({
          state,
          kind,
          viewOn: undefined,
          count,
          bytes,
          averageBytes,
          estimated: isEstimate
        });
      });
    },

    'documents.cancel'({ request }, caller) {
      return { cancelled: underWay.stop(caller, request) };
    }
  };
}

const EMPTY_BYTES = 5;

function notThere(project: string, where: string, collection: string): ArgonError {
  return new ArgonError(
    'COLLECTION_NOT_FOUND',
    `There is no collection ${JSON.stringify(collection)} in ${where} of project ${project}.`,
    { data: { project, collection } }
  );
}

/** A part of a query as raw BSON. @throws BAD_REQUEST when it is no object */
function rawOf(json: ExtendedJson, name: string): Buffer | undefined {
  if (json === undefined || json === null) {
    return undefined;
  }
  if (typeof json !== 'object' || Array.isArray(json)) {
    throw new ArgonError('BAD_REQUEST', `\`${name}\` must be an object such as {"plan": "pro"}.`, {
      data: { name }
    });
  }
  return documentFromExtendedJson(json);
}

/** Named work of each connection, so that it can be stopped. */
class UnderWay {
  private readonly byCaller = new WeakMap<Caller, Map<string, AbortController>>();

  /** Runs `work` with a signal that aborts when the caller goes away or asks for it. */
  async track<T>(
    caller: Caller,
    request: string | undefined,
    work: (signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    if (request === undefined) {
      return work(caller.signal);
    }
    const named = this.byCaller.get(caller) ?? new Map<string, AbortController>();
    this.byCaller.set(caller, named);
    if (named.has(request)) {
      throw new ArgonError(
        'BAD_REQUEST',
        `A request named ${JSON.stringify(request)} is under way on this connection; give each its own name.`,
        { data: { request } }
      );
    }
    const control = new AbortController();
    named.set(request, control);
    try {
      return await work(AbortSignal.any([caller.signal, control.signal]));
    } finally {
      named.delete(request);
    }
  }

  /** False when there is nothing of this name. */
  stop(caller: Caller, request: string): boolean {
    const control = this.byCaller.get(caller)?.get(request);
    control?.abort();
    return control !== undefined;
  }
}
