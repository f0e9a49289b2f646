import type { Run } from '../client/protocol';
import { withPage, type LineageParts } from '../lineage/graph';

/** The lineage that a list of runs tells by itself, without a bridge: the bridge makes the same keys. */
export function partsOfRuns(runs: readonly Run[]): LineageParts {
  const pages = runs.map((run): LineageParts => {
    const { notebook, cell, cellNumber, model } = run.facts;
    const data = `data:${run.timeline}@${run.lsn}`;
    const number = cellNumber !== undefined && /^\d{1,9}$/.test(cellNumber) ? Number(cellNumber) : undefined;
    const hasCell = notebook !== undefined || cell !== undefined || number !== undefined;
    const cellKey = `cell:${JSON.stringify([notebook ?? '', cell ?? '', number ?? '', data])}`;
    const key = `run:${run.id}`;
    const registered = Object.keys(run.facts).flatMap(fact => {
      const found = /^registered\.(.+)\/([^/]+)$/s.exec(fact);
      return found === null
        ? []
        : [
            {
              key: `model:${JSON.stringify([found[1], found[2], run.id])}`,
              run: key,
              name: found[1]!,
              version: found[2]!,
              aliases: (run.facts[fact] ?? '').split(', ').filter(alias => alias !== '')
            }
          ];
    });
    const logged =
      model === undefined
        ? []
        : [{ key: `model:${JSON.stringify([model, run.id])}`, run: key, name: model, aliases: [] }];
    return {
      data: [
        {
          key: data,
          ref: key,
          ...(run.branch === undefined ? {} : { branch: run.branch }),
          timeline: run.timeline,
          lsn: run.lsn,
          digest: run.digest,
          pins: []
        }
      ],
      cells: hasCell
        ? [
            {
              key: cellKey,
              data: [data],
              ...(notebook === undefined ? {} : { notebook }),
              ...(cell === undefined ? {} : { cell }),
              ...(number === undefined ? {} : { cellNumber: number })
            }
          ]
        : [],
      runs: [{ key, data, ...(hasCell ? { cell: cellKey } : {}), run }],
      models: registered.length > 0 ? registered : logged
    };
  });
  const all: LineageParts = {
    data: pages.flatMap(page => page.data),
    cells: pages.flatMap(page => page.cells),
    runs: pages.flatMap(page => page.runs),
    models: pages.flatMap(page => page.models)
  };
  // What is told twice is there once.
  return withPage({ data: [], cells: [], runs: [], models: [] }, all);
}
