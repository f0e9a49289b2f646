import type { Engine, RunInfo } from '@argon/wal-core';
import type { LineageCell, LineageModel, LineageRun } from '../rpc/protocol';
import { defined } from '../defined';
import { presentRun } from '../rpc/present';
import { REGISTERED_FACT } from './tracking';

/** What a lineage is asked for. */
export interface LineageFilter {
  readonly branch?: string | undefined;
  readonly firstLsn?: number | undefined;
  readonly lastLsn?: number | undefined;
  readonly digest?: string | undefined;
  readonly search?: string | undefined;
}

/** A page of runs out of all that were asked for. */
export interface LineagePage {
  readonly runs: readonly RunInfo[];
  readonly total: number;
  readonly next: string | undefined;
}

/** Key of the state that a run saw: it is the same wherever the branch has gone. */
export function stateKey({ timeline, lsn }: { readonly timeline: number; readonly lsn: number }): string {
  return `data:${timeline}@${lsn}`;
}

/** The runs that were asked for, one page of them. */
export function lineagePage(
  ordered: readonly RunInfo[],
  filter: LineageFilter,
  { after, limit, run }: { after?: string | undefined; limit: number; run?: string | undefined }
): LineagePage {
  const meant = ordered.filter(one => isMeant(one, filter));
  const start = after === undefined ? 0 : meant.findIndex(({ id }) => id === after) + 1;
  const runs = meant.slice(start, start + limit);
  const last = runs.at(-1);
  const next = last === undefined || last === meant.at(-1) ? undefined : last.id;
  const asked = run === undefined || after !== undefined ? undefined : ordered.find(({ id }) => id === run);
  return {
    runs: asked === undefined || runs.includes(asked) ? runs : [...runs, asked],
    total: meant.length,
    next
  };
}

function isMeant(run: RunInfo, { branch, firstLsn, lastLsn, digest, search }: LineageFilter): boolean {
  return (
    (branch === undefined || run.branch === branch) &&
    (firstLsn === undefined || run.lsn >= firstLsn) &&
    (lastLsn === undefined || run.lsn <= lastLsn) &&
    (digest === undefined || run.digest === digest) &&
    (search === undefined || search === '' || wordsOf(run).some(word => includes(word, search)))
  );
}

function wordsOf(run: RunInfo): string[] {
  const { name, experiment, notebook, model } = run.facts;
  return [
    run.id,
    run.branch === undefined ? undefined : `${run.branch}@${run.lsn}`,
    name,
    experiment,
    notebook,
    model,
    ...registered(run).map(version => version.name)
  ].filter(word => word !== undefined);
}

function includes(word: string, part: string): boolean {
  return word.toLowerCase().includes(part.toLowerCase());
}

/** The cell that started a run, on the state the run saw; undefined when nobody said. */
export function cellOf(run: RunInfo): LineageCell | undefined {
  const { notebook, cell, cellNumber } = run.facts;
  if (notebook === undefined && cell === undefined && cellNumber === undefined) {
    return undefined;
  }
  const number = cellNumber !== undefined && /^\d{1,9}$/.test(cellNumber) ? Number(cellNumber) : undefined;
  const data = stateKey(run);
  return defined<LineageCell>({
    key: `cell:${JSON.stringify([notebook ?? '', cell ?? '', number ?? '', data])}`,
    data: [data],
    notebook,
    cell,
    cellNumber: number
  });
}

/** A run with where it stands. */
export function lineageRun(engine: Engine, run: RunInfo): LineageRun {
  return defined<LineageRun>({
    key: runKey(run),
    data: stateKey(run),
    cell: cellOf(run)?.key,
    run: presentRun(engine, run)
  });
}

/** Key of a run. */
export function runKey({ id }: { readonly id: string }): string {
  return `run:${id}`;
}

/** Models that a run made: versions in the registry, else the model that it logged. */
export function modelsOf(run: RunInfo): LineageModel[] {
  const versions = registered(run);
  if (versions.length === 0) {
    const { model } = run.facts;
    return model === undefined
      ? []
      : [{ key: `model:${JSON.stringify([model, run.id])}`, run: runKey(run), name: model, aliases: [] }];
  }
  return versions.map(({ name, version, aliases }) => ({
    key: `model:${JSON.stringify([name, version, run.id])}`,
    run: runKey(run),
    name,
    version,
    aliases
  }));
}

function registered(run: RunInfo): { name: string; version: string; aliases: string[] }[] {
  return Object.entries(run.facts).flatMap(([fact, value]) => {
    const found = fact.startsWith(REGISTERED_FACT)
      ? /^(.+)\/([^/]+)$/s.exec(fact.slice(REGISTERED_FACT.length))
      : null;
    return found === null
      ? []
      : [{ name: found[1]!, version: found[2]!, aliases: value === '' ? [] : value.split(', ') }];
  });
}
