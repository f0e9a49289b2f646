import type { Engine, RunInfo, Snapshot } from '@argon/wal-core';
import { newestFirst } from '../../mlflow/choice';
import { cellOf, lineagePage, lineageRun, modelsOf, stateKey } from '../../mlflow/lineage';
import type { Sessions } from '../../session/sessions';
import { pageSize, type BridgeContext, type Handlers } from '../context';
import { ifThere } from '../paging';
import { defined } from '../../defined';
import type { Lineage, LineageCell, LineageData } from '../protocol';

const RUNS_USUAL = 200;
const RUNS_MAX = 1_000;
/** Branches to choose from. */
const BRANCHES_MAX = 200;
/** Collections told of a state. */
const COLLECTIONS_MAX = 20;
/** Other states that one cell is said to have read. */
const OTHER_STATES_MAX = 8;
/** Time for counting documents in one request; what is not counted then is counted by a later one. */
const COUNT_MS_MAX = 200;
/** States whose documents are remembered. */
const COUNTED_MAX = 5_000;

type Counts = Pick<LineageData, 'documents' | 'collections'>;

/** Which data led to which model. */
export function lineageMethods({ engine, sessions, tracking }: BridgeContext): Handlers<'lineage'> {
  const counted = new Map<string, Counts>();
  return {
    async 'lineage.graph'(params) {
      const { project, after, run } = params;
      const limit = pageSize(params.limit, RUNS_USUAL, RUNS_MAX);
      const choose = () =>
        lineagePage([...engine.runs(project)].sort(newestFirst), params, { after, limit, run });
      let page = choose();
      if (tracking !== undefined && page.runs.length > 0) {
        await tracking.refresh(page.runs);
        page = choose();
      }
      const states = new Map<string, LineageData>();
      const cells = new Map<string, LineageCell>();
      const reads = readsOf(sessions, engine, project);
      for (const one of page.runs) {
        states.set(stateKey(one), states.get(stateKey(one)) ?? dataOf(engine, one));
        const cell = cellOf(one);
        if (cell === undefined) {
          continue;
        }
        const known = cells.get(cell.key) ?? cell;
        const others = (reads.get(one.id) ?? []).filter(state => !known.data.includes(stateKey(state)));
        for (const other of others.slice(0, OTHER_STATES_MAX + 1 - known.data.length)) {
          states.set(stateKey(other), states.get(stateKey(other)) ?? readState(other));
          known.data.push(stateKey(other));
        }
        cells.set(cell.key, known);
      }
      await count(engine, project, [...states.values()], counted);
      addPins(engine, project, states);
      const branches = new Set(engine.runs(project).flatMap(({ branch }) => branch ?? []));
      return defined<Lineage>({
        project,
        head: engine.project(project).head,
        total: page.total,
        branches: [...branches].sort().slice(0, BRANCHES_MAX),
        data: [...states.values()],
        cells: [...cells.values()],
        runs: page.runs.map(run => lineageRun(engine, run)),
        models: page.runs.flatMap(modelsOf),
        next: page.next
      });
    }
  };
}

/** The state a run saw. */
function dataOf(engine: Engine, run: RunInfo): LineageData {
  const ref = `run:${run.id}`;
  const gone = ifThere(() => engine.resolve(run.project, ref)) === undefined;
  return defined<LineageData>({
    key: stateKey(run),
    ref,
    branch: run.branch,
    timeline: run.timeline,
    lsn: run.lsn,
    digest: run.digest,
    pins: [],
    gone: gone ? true : undefined
  });
}

function readState(state: Snapshot): LineageData {
  const { ref, branch, timeline, lsn } = state;
  return defined<LineageData>({ key: stateKey(state), ref, branch, timeline, lsn, pins: [] });
}

/** What the cells of sessions read, by the runs they started: as long as the process remembers. */
function readsOf(sessions: Sessions, engine: Engine, project: string): ReadonlyMap<string, Snapshot[]> {
  const found = new Map<string, Snapshot[]>();
  for (const { id } of sessions.list()) {
    for (const execution of sessions.executions(id)) {
      const runs = execution.started();
      const refs =
        runs.size === 0
          ? []
          : [
              ...new Set(
                execution
                  .readings()
                  .filter(read => read.project === project)
                  .map(({ branch, lsn, ref }) => (branch === undefined ? ref : `${branch}@${lsn}`))
              )
            ];
      const states = refs.flatMap(ref => ifThere(() => engine.resolve(project, ref)) ?? []);
      runs.forEach(run => found.set(run, states));
    }
  }
  return found;
}

/** States never change, so that each is counted once; the newest first, until the time is used up. */
async function count(
  engine: Engine,
  project: string,
  states: readonly LineageData[],
  counted: Map<string, Counts>
): Promise<void> {
  const until = performance.now() + COUNT_MS_MAX;
  // A project can be deleted and made again under its name.
  const made = engine.project(project).createdAt.getTime();
  for (const state of states) {
    const key = `${project}\0${made}\0${state.key}`;
    let counts = counted.get(key);
    if (counts === undefined && performance.now() < until && state.gone !== true) {
      const view = ifThere(() => engine.resolve(project, state.ref));
      counts = view && (await countsOf(view));
      if (counts !== undefined) {
        counted.set(key, counts);
        if (counted.size > COUNTED_MAX) {
          counted.delete(counted.keys().next().value!);
        }
      }
    }
    Object.assign(state, counts);
  }
}

async function countsOf(view: Snapshot): Promise<Counts> {
  const collections: { name: string; count: number }[] = [];
  for (const info of view.collections()) {
    collections.push({ name: info.name, count: await view.count(info) });
  }
  collections.sort((a, b) => b.count - a.count);
  return {
    documents: collections.reduce((total, { count: n }) => total + n, 0),
    collections: collections.slice(0, COLLECTIONS_MAX)
  };
}

function addPins(engine: Engine, project: string, states: ReadonlyMap<string, LineageData>): void {
  for (const pin of engine.pins(project)) {
    states.get(stateKey(pin))?.pins.push(pin.name);
  }
}
