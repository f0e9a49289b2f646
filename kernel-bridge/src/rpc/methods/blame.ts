import {
  docKeyOfValue,
  fromExtendedJson,
  type Blame as EngineBlame,
  type Engine,
  type FieldPath,
  type Origin
} from '@argon/wal-core';
import { pageSize, type BridgeContext, type Handlers } from '../context';
import { fittingPage } from '../paging';
import { defined } from '../../defined';
import { presentOrigin, presentState } from '../present';
import type { Blame, BlameResult } from '../protocol';
import { presentValue } from '../values';

const FIELDS_USUAL = 200;
const FIELDS_MAX = 2_000;
const RUNS_MAX = 10;

/** Who gave the fields of a document their values, with the runs of the cell that did. */
export function blameMethods({ engine }: BridgeContext): Handlers<'blame'> {
  return {
    async blame({ project, ref, collection, id, path = [], after = 0, limit }) {
      // The state is resolved once, so that a page and its LSN belong together.
      const state = engine.resolve(project, ref);
      const found = await engine.blame(project, state.ref, collection, docKeyOfValue(fromExtendedJson(id)));
      const fields = found.filter(one => isBelow(one.path, path));
      const runs = runsByExecution(engine, project);
      return fittingPage<BlameResult>(pageSize(limit, FIELDS_USUAL, FIELDS_MAX), async size => {
        const page = fields.slice(after, after + size);
        return defined<BlameResult>({
          state: presentState(state),
          fields: page.map(field => presentBlame(field, runs)),
          next: fields.length > after + size ? after + size : undefined
        });
      });
    }
  };
}

/** Whether a field lies at a path or below it. Positions of an array are one value with it. */
function isBelow(field: FieldPath, path: FieldPath): boolean {
  return path.every((name, i) => i >= field.length || String(field[i]) === String(name));
}

function presentBlame(blame: EngineBlame, runs: ReadonlyMap<string, string[]>): Blame {
  const execution = executionOf(blame.origin);
  return defined<Blame>({
    path: [...blame.path],
    value: presentValue(blame.value),
    lsn: blame.lsn,
    timeline: blame.timeline,
    branch: blame.branch,
    exact: blame.isExact,
    time: blame.time.toISOString(),
    origin: presentOrigin(blame.origin),
    txn: blame.txn,
    runs: (execution === undefined ? undefined : runs.get(execution))?.slice(0, RUNS_MAX) ?? []
  });
}

/** The execution of a cell, as its notebook knows it; undefined for what no cell did. */
function executionOf({
  notebook,
  cell,
  cellNumber
}: Pick<Origin, 'notebook' | 'cell'> & { cellNumber?: number | string }): string | undefined {
  return cell === undefined || cellNumber === undefined
    ? undefined
    : JSON.stringify([notebook ?? '', cell, String(cellNumber)]);
}

/** Runs of a project by the execution that started them, newest first. */
function runsByExecution(engine: Engine, project: string): Map<string, string[]> {
  const runs = new Map<string, string[]>();
  for (const { id, facts } of engine.runs(project)) {
    const { notebook, cell, cellNumber } = facts;
    const execution = executionOf(defined<Parameters<typeof executionOf>[0]>({ notebook, cell, cellNumber }));
    if (execution !== undefined) {
      runs.set(execution, [...(runs.get(execution) ?? []), id]);
    }
  }
  return runs;
}
