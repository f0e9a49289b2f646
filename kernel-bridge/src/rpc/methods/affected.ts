import {
  ArgonError,
  docKeyOfValue,
  fromExtendedJson,
  type DocKey,
  type Engine,
  type Lsn,
  type RunInfo
} from '@argon/wal-core';
import { lsnOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { ifThere } from '../paging';
import { defined } from '../../defined';
import { presentRun } from '../present';
import type { RunAffectedParams, RunAffectedResult } from '../protocol';
import { presentId } from '../values';

const RUNS_USUAL = 100;
const RUNS_MAX = 1_000;
/** Runs looked at for one page: each costs a look at one document in its state. */
const RUNS_LOOKED_MAX = 1_000;

/** A document, and the one version of it that is meant, if one is. */
interface Meant {
  readonly collection: string;
  readonly key: DocKey;
  readonly id: RunAffectedResult['id'];
  readonly version?: Lsn;
}

/** Which runs had a document in the state they saw. */
export function affectedMethods({ engine }: BridgeContext): Pick<Handlers<'run'>, 'run.affected'> {
  return {
    async 'run.affected'(params) {
      const { project, after, limit } = params;
      const meant = await meantBy(engine, params);
      const all = engine.runs(project);
      const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
      const most = pageSize(limit, RUNS_USUAL, RUNS_MAX);
      const found: RunAffectedResult['runs'] = [];
      let last: RunInfo | undefined;
      for (const run of all.slice(start, start + RUNS_LOOKED_MAX)) {
        if (found.length >= most) {
          break;
        }
        last = run;
        const version = await versionIn(engine, run, meant);
        if (version !== undefined && (meant.version === undefined || version === meant.version)) {
          found.push({ run: presentRun(engine, run), version });
        }
      }
      return defined<RunAffectedResult>({
        collection: meant.collection,
        id: meant.id,
        runs: found,
        next: last === undefined || last === all.at(-1) ? undefined : last.id
      });
    }
  };
}

/** @throws BAD_REQUEST, LSN_IN_FUTURE, HISTORY_GONE */
async function meantBy(engine: Engine, { project, lsn, collection, id }: RunAffectedParams): Promise<Meant> {
  if (
    (lsn === undefined) === (collection === undefined) ||
    (collection === undefined) !== (id === undefined)
  ) {
    throw new ArgonError('BAD_REQUEST', 'Say which document: by `lsn`, or by `collection` and `id`.');
  }
  if (lsn === undefined) {
    return { collection: collection!, key: docKeyOfValue(fromExtendedJson(id)), id };
  }
  const version = lsnOf(lsn);
  for await (const { changes } of engine.feed(project, {
    after: (version - 1) as Lsn,
    live: false,
    batch: 1
  })) {
    const [change] = changes;
    const image = change?.after ?? change?.before;
    if (change?.lsn !== version || image === undefined || change.catalog !== undefined) {
      break;
    }
    return { collection: change.collection, key: change.key, id: presentId(image), version };
  }
  throw new ArgonError('BAD_REQUEST', `LSN ${lsn} is no change of a document, or is no longer kept.`, {
    data: { lsn }
  });
}

/** The LSN of a document's version in the state that a run saw; undefined when it was not there. */
async function versionIn(engine: Engine, run: RunInfo, { collection, key }: Meant): Promise<Lsn | undefined> {
  const state = ifThere(() => engine.resolve(run.project, `run:${run.id}`));
  const info = state?.collection(collection);
  if (state === undefined || info === undefined || state.get(info, key) === undefined) {
    return undefined;
  }
  const [newest] = await engine.history(run.project, `run:${run.id}`, collection, key, { limit: 1 });
  return newest?.lsn;
}
