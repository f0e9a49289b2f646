import { ArgonError, type RunInfo } from '@argon/wal-core';
import { newestFirst, runFilter } from '../../mlflow/choice';
import { originOf, pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { presentRun, presentState } from '../present';
import type { RunListResult } from '../protocol';

const RUNS_USUAL = 100;
const RUNS_MAX = 1_000;
const FACTS_MAX = 500;
const FACT_LENGTH_MAX = 8_000;

/** MLflow runs and the states they saw. */
export function runMethods(context: BridgeContext): Omit<Handlers<'run'>, 'run.affected'> {
  const { engine, sessions, tracking } = context;
  return {
    async 'run.register'({ project, run, ref, session, facts = {} }, caller) {
      checkFacts(facts);
      // The session must exist, and what the run already knows of itself is not overruled.
      const origin = originOf(context, caller, session);
      const known: Record<string, string> = {};
      if (origin.notebook !== undefined) {
        known['notebook'] = origin.notebook;
      }
      if (origin.cell !== undefined) {
        known['cell'] = origin.cell;
      }
      if (origin.cellNumber !== undefined) {
        known['cellNumber'] = String(origin.cellNumber);
      }
      const info = await engine.registerRun(project, run, ref, { ...known, ...facts });
      if (origin.session !== undefined) {
        const { cell: id, cellNumber: number } = { ...known, ...facts };
        sessions.noteRun(origin.session, run, {
          ...(id === undefined ? {} : { id }),
          ...(number === undefined ? {} : { number: Number(number) })
        });
      }
      return presentRun(engine, info);
    },

    async 'run.update'({ project, run, facts }) {
      checkFacts(facts);
      return presentRun(engine, await engine.updateRun(project, run, facts));
    },

    async 'run.release'({ project, run }) {
      return presentRun(engine, await engine.releaseRun(project, run));
    },

    'run.get'({ run }) {
      const info = engine.run(run);
      return {
        run: presentRun(engine, info),
        state: presentState(engine.resolve(info.project, `run:${info.id}`))
      };
    },

    async 'run.list'(params) {
      const { project, after, limit } = params;
      const choose = () => [...engine.runs(project)].filter(runFilter(params)).sort(newestFirst);
      const last = after === undefined ? undefined : engine.run(after);
      const pageOf = (runs: readonly RunInfo[], size: number) =>
        (last === undefined ? runs : runs.filter(run => newestFirst(run, last) > 0)).slice(0, size);
      const most = pageSize(limit, RUNS_USUAL, RUNS_MAX);
      if (tracking !== undefined) {
        // What the tracking server knows decides which runs have such a metric or model.
        const { metrics: _metrics, model: _model, search: _search, ...rest } = params;
        await tracking.refresh(
          pageOf([...engine.runs(project)].filter(runFilter(rest)).sort(newestFirst), most)
        );
      }
      const chosen = choose();
      return fittingPage(most, async size => {
        const runs = pageOf(chosen, size);
        const end = runs.at(-1);
        return defined<RunListResult>({
          runs: runs.map(run => presentRun(engine, run)),
          total: chosen.length,
          next: end === undefined || end === chosen.at(-1) ? undefined : end.id
        });
      });
    }
  };
}

/** Facts are kept for ever and told with every list: they stay small. */
function checkFacts(facts: Readonly<Record<string, string>>): void {
  const entries = Object.entries(facts);
  if (entries.length > FACTS_MAX) {
    throw tooMuch(
      `A run takes at most ${FACTS_MAX} facts at a time, not ${entries.length}.`,
      FACTS_MAX,
      entries.length
    );
  }
  for (const [name, value] of entries) {
    const length = name.length + value.length;
    if (length > FACT_LENGTH_MAX) {
      const shown = JSON.stringify(name.slice(0, 100));
      throw tooMuch(
        `The fact ${shown} has ${length} characters; at most ${FACT_LENGTH_MAX} are kept.`,
        FACT_LENGTH_MAX,
        length
      );
    }
  }
}

function tooMuch(message: string, limit: number, value: number): ArgonError {
  return new ArgonError('LIMIT_EXCEEDED', message, { data: { limit, value } });
}
