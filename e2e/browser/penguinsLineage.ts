import type {
  Diff,
  Lineage,
  LineageGraphParams,
  LineageModel,
  LineageRun
} from '../../extension/client/protocol';

/** What the lineage of the pictures shows: seven runs on five states of the penguins. */

interface IRunOfStory {
  readonly id: string;
  readonly name: string;
  readonly place: readonly [branch: string, timeline: number, lsn: number];
  readonly digest: string;
  readonly documents: number;
  readonly notebook: string;
  readonly cell: number;
  readonly accuracy: string;
  readonly agoHours: number;
  readonly version?: string;
  readonly aliases?: readonly string[];
  readonly status?: string;
}

const scale = ['exp/scale-features', 5] as const;
const clean = ['clean-nulls', 4, 1204] as const;

const RUNS: readonly IRunOfStory[] = [
  {
    id: 'svm2',
    name: 'svm-scaled-2',
    place: [...scale, 1892],
    digest: 'a9d04c71',
    documents: 344,
    notebook: '03-scale.ipynb',
    cell: 10,
    accuracy: '0.976',
    agoHours: 0.05
  },
  {
    id: 'gb',
    name: 'gb-clean',
    place: clean,
    digest: '7c1e0b94',
    documents: 342,
    notebook: '05-boost.ipynb',
    cell: 3,
    accuracy: '0.979',
    agoHours: 0.1
  },
  {
    id: 'rf',
    name: 'rf-clean',
    place: clean,
    digest: '7c1e0b94',
    documents: 342,
    notebook: '02-clean-nulls.ipynb',
    cell: 5,
    accuracy: '0.982',
    agoHours: 0.12,
    version: '4',
    aliases: ['champion']
  },
  {
    id: 'relabel',
    name: 'rf-relabel',
    place: ['main', 1, 949],
    digest: 'e25f8d10',
    documents: 344,
    notebook: '04-relabel.ipynb',
    cell: 9,
    accuracy: '0.971',
    agoHours: 25,
    version: '3'
  },
  {
    id: 'svm',
    name: 'svm-scaled',
    place: [...scale, 697],
    digest: '41b7a6ce',
    documents: 344,
    notebook: '03-scale.ipynb',
    cell: 5,
    accuracy: '0.968',
    agoHours: 26,
    version: '2'
  },
  {
    id: 'logreg',
    name: 'logreg-baseline',
    place: ['main', 1, 353],
    digest: '0d9c3e52',
    documents: 344,
    notebook: '06-baseline.ipynb',
    cell: 2,
    accuracy: '0.942',
    agoHours: 121,
    version: '1'
  },
  {
    id: 'tree',
    name: 'tree-baseline',
    place: ['main', 1, 353],
    digest: '0d9c3e52',
    documents: 344,
    notebook: '06-baseline.ipynb',
    cell: 2,
    accuracy: '0.921',
    agoHours: 121.1
  }
];

/** The lineage of the pictures, with more runs behind them when asked for. */
export class PenguinsLineage {
  runs: IRunOfStory[] = [...RUNS];

  /** As the bridge answers. */
  graph(params: LineageGraphParams): Lineage {
    const words = (params.search ?? '').toLowerCase();
    const meant = this.runs.filter(
      ({ name, place: [branch, , lsn], digest }) =>
        (params.branch === undefined || branch === params.branch) &&
        (params.digest === undefined || digest === params.digest) &&
        (params.firstLsn === undefined || lsn >= params.firstLsn) &&
        (params.lastLsn === undefined || lsn <= params.lastLsn) &&
        `${name} ${branch}@${lsn}`.toLowerCase().includes(words)
    );
    const start = params.after === undefined ? 0 : meant.findIndex(({ id }) => id === params.after) + 1;
    const page = meant.slice(start, start + (params.limit ?? 200));
    const last = page.at(-1);
    const next = last === undefined || last === meant.at(-1) ? {} : { next: last.id };
    const data = new Map(page.map(run => [dataKey(run), this._data(run)]));
    const cells = new Map(
      page.map(run => [
        cellKey(run),
        {
          key: cellKey(run),
          data: [dataKey(run)],
          notebook: run.notebook,
          cell: `c${run.cell}`,
          cellNumber: run.cell
        }
      ])
    );
    return {
      project: 'penguins',
      head: 1892,
      total: meant.length,
      branches: [...new Set(this.runs.map(({ place: [branch] }) => branch))].sort(),
      data: [...data.values()],
      cells: [...cells.values()],
      runs: page.map(run => this._run(run)),
      models: page.flatMap(run => modelOf(run)),
      ...next
    };
  }

  /** What differs between the states of two runs. */
  diff(from: string, to: string): Diff {
    const [a, b] = [from, to].map(ref => this.runs.find(({ id }) => `run:${id}` === ref)!);
    const state = (run: IRunOfStory) => {
      const [branch, timeline, lsn] = run.place;
      const time = new Date().toISOString();
      const ref = `${branch}@${lsn}`;
      return {
        project: 'penguins',
        ref,
        branch,
        timeline,
        lsn,
        time,
        clusterTime: { t: 1, i: 1 },
        writable: false,
        database: ref
      };
    };
    const changed = a?.place[2] === 949 || b?.place[2] === 949 ? 9 : 11;
    return {
      from: state(a!),
      to: state(b!),
      summary: [
        { collection: 'penguins', added: 0, changed, deleted: 2 },
        { collection: 'sources', added: 1, changed: 0, deleted: 0 }
      ],
      documents: [],
      catalog: []
    };
  }

  private _data(run: IRunOfStory): Lineage['data'][number] {
    const [branch, timeline, lsn] = run.place;
    return {
      key: dataKey(run),
      ref: `run:${run.id}`,
      branch,
      timeline,
      lsn,
      digest: `${run.digest}9d26f58e`,
      pins: lsn === 353 && branch === 'main' ? ['v1-paper'] : [],
      documents: run.documents,
      collections: [{ name: 'penguins', count: run.documents }]
    };
  }

  private _run(run: IRunOfStory): LineageRun {
    const [branch, timeline, lsn] = run.place;
    const started = Date.now() - run.agoHours * 3_600_000;
    return {
      key: `run:${run.id}`,
      data: dataKey(run),
      cell: cellKey(run),
      run: {
        id: run.id,
        project: 'penguins',
        branch,
        timeline,
        lsn,
        digest: `${run.digest}9d26f58e`,
        createdAt: new Date(started).toISOString(),
        facts: {
          name: run.name,
          status: run.status ?? 'FINISHED',
          experiment: 'species',
          experimentId: '1',
          tracking: 'http://127.0.0.1:5000',
          notebook: run.notebook,
          cell: `c${run.cell}`,
          cellNumber: String(run.cell),
          startedAt: new Date(started).toISOString(),
          endedAt: new Date(started + 11_000).toISOString(),
          'metric.accuracy': run.accuracy
        }
      }
    };
  }
}

function dataKey({ place: [, timeline, lsn] }: IRunOfStory): string {
  return `data:${timeline}@${lsn}`;
}

function cellKey(run: IRunOfStory): string {
  return `cell:${run.notebook}:${run.cell}:${dataKey(run)}`;
}

function modelOf(run: IRunOfStory): LineageModel[] {
  return run.version === undefined
    ? []
    : [
        {
          key: `model:penguin-species:${run.version}`,
          run: `run:${run.id}`,
          name: 'penguin-species',
          version: run.version,
          aliases: [...(run.aliases ?? [])]
        }
      ];
}
