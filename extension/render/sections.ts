import type { TranslationBundle } from '@jupyterlab/translation';
import type {
  Branch,
  Change,
  Diff,
  DocumentDiff,
  Entry,
  Lineage,
  LogResult,
  Pin,
  Run,
  RunAffectedResult
} from '../client/protocol';
import { count, plainRange } from '../format/count';
import { ago, fullTime, remaining } from '../format/time';
import { idText } from '../format/value';
import { note, oneChange, title } from '../format/words';
import { layout, type IGraph } from '../graph/layout';
import { runName, runValue } from '../graph/rowName';
import type { LineageParts } from '../lineage/graph';
import type { Kind } from './kinds';
import { partsOfRuns } from './runParts';

/** A cell of a table. */
export interface ICell {
  readonly text: string;
  /** The whole of it, where the text is short. */
  readonly full?: string;
  readonly isNumber?: boolean;
  readonly isStrong?: boolean;
}

/** One piece of an output. */
export type Section =
  | { readonly kind: 'heading'; readonly text: string; readonly note: string }
  | { readonly kind: 'note'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly ICell[])[];
    }
  | { readonly kind: 'documents'; readonly documents: readonly DocumentDiff[]; readonly left: number }
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'graph'; readonly graph: IGraph; readonly labels: ReadonlyMap<number, string> }
  | { readonly kind: 'lineage'; readonly parts: LineageParts; readonly project: string };

/** What the sections are made with. */
export interface ISectionOptions {
  readonly now: number;
  readonly trans: TranslationBundle;
}

/** The sections of a bundle. @throws TypeError when the bundle is not of the shape that its kind has */
export function sectionsOf(kind: Kind, data: unknown, options: ISectionOptions): Section[] {
  switch (kind) {
    case 'branches':
      return branches(data, options);
    case 'diff':
      return diff(data, options);
    case 'comparison':
      return comparison(data, options);
    case 'graph':
      return graph(data, options);
    case 'log':
      return log(data, options);
    case 'history':
      return history(data, options);
    case 'pins':
      return pins(data, options);
    case 'runs':
      return runs(listOf<Run>(data, 'id', 'facts'), options);
    case 'affected':
      return affected(data, options);
    case 'lineage':
      return lineage(data, options);
  }
}

function branches(data: unknown, { now, trans }: ISectionOptions): Section[] {
  const page = fieldsOf(data);
  const list = listOf<Branch>(page['branches'], 'name', 'head');
  const rows = list.map((branch): ICell[] => {
    const isHere = branch.name === page['current'];
    const expires = branch.expiresAt;
    // A saved notebook may be opened long after the branch has gone.
    const isTimed = typeof expires === 'string' && Date.parse(expires) > now;
    const notes = [
      isHere ? trans.__('session') : '',
      branch.isProtected ? trans.__('protected') : '',
      branch.backupOf === undefined ? '' : trans.__('backup of %1', branch.backupOf),
      isTimed ? trans.__('TTL %1', remaining(expires, now, trans)) : ''
    ];
    return [
      { text: branch.name, isStrong: isHere },
      { text: String(branch.head), isNumber: true },
      { text: branch.isDefault ? '' : count(branch.ahead), isNumber: true },
      { text: branch.isDefault ? '' : count(branch.behind), isNumber: true },
      when(branch.headAt, now, trans),
      { text: notes.filter(Boolean).join(', ') }
    ];
  });
  const columns = [
    trans.__('branch'),
    trans.__('head'),
    trans.__('ahead'),
    trans.__('behind'),
    trans.__('last change'),
    trans.__('note')
  ];
  const total = typeof page['total'] === 'number' ? page['total'] : list.length;
  const named = listOf<Pin>(page['pins'] ?? [], 'name', 'ref');
  return [
    { kind: 'table', columns, rows },
    {
      kind: 'note',
      text: [
        trans._n('%2 branch', '%2 branches', total, count(total)),
        named.length === 0 ? '' : trans._n('%2 pin', '%2 pins', named.length, count(named.length))
      ]
        .filter(Boolean)
        .join(' · ')
    }
  ];
}

function pins(data: unknown, { now, trans }: ISectionOptions): Section[] {
  const rows = listOf<Pin>(data, 'name', 'ref').map(pin => [
    { text: pin.name, isStrong: true },
    { text: pin.ref },
    { text: pin.origin.actor },
    when(pin.createdAt, now, trans)
  ]);
  const columns = [trans.__('pin'), trans.__('state'), trans.__('by'), trans.__('when')];
  return rows.length === 0
    ? [{ kind: 'heading', text: trans.__('No pins yet'), note: '' }]
    : [{ kind: 'table', columns, rows }];
}

function diff(data: unknown, { trans }: ISectionOptions): Section[] {
  const found = fieldsOf(data) as unknown as Diff & { readonly count?: number };
  const documents = listOf<DocumentDiff>(found.documents, 'collection', 'op');
  const summary = listOf<Diff['summary'][number]>(found.summary, 'collection', 'added');
  const total = summary.reduce((all, part) => all + part.added + part.changed + part.deleted, 0);
  const places = `${textOf(found.from.ref)} → ${textOf(found.to.ref)}`;
  const sections: Section[] = [
    {
      kind: 'heading',
      text:
        total === 0
          ? trans.__('No difference')
          : trans._n('%2 document differs', '%2 documents differ', total, count(total)),
      note: places
    }
  ];
  if (summary.length > 0) {
    sections.push({
      kind: 'table',
      columns: [trans.__('collection'), trans.__('added'), trans.__('changed'), trans.__('deleted')],
      rows: summary.map(part => [
        { text: part.collection, isStrong: true },
        { text: count(part.added), isNumber: true },
        { text: count(part.changed), isNumber: true },
        { text: count(part.deleted), isNumber: true }
      ])
    });
  }
  sections.push(
    ...listOf<Diff['catalog'][number]>(found.catalog, 'op', 'collection').map((change): Section => ({
      kind: 'note',
      text: oneChange(change, trans)
    }))
  );
  if (documents.length > 0) {
    sections.push({ kind: 'documents', documents, left: Math.max(0, total - documents.length) });
  }
  return sections;
}

function comparison(data: unknown, options: ISectionOptions): Section[] {
  const { trans } = options;
  const found = fieldsOf(data);
  const [first, second] = listOf<Run>(found['runs'], 'id', 'facts');
  if (first === undefined || second === undefined) {
    throw new TypeError('A comparison is of two runs.');
  }
  const isSame = found['same'] === true;
  const names = [...new Set([first, second].flatMap(run => Object.keys(run.facts)))]
    .filter(name => name.startsWith('metric.'))
    .sort();
  return [
    {
      kind: 'heading',
      text: trans.__('%1 and %2', runName(first), runName(second)),
      note: isSame ? trans.__('= the same data') : trans.__('≠ other data')
    },
    {
      kind: 'table',
      columns: [trans.__('fact'), runName(first), runName(second)],
      rows: [
        [{ text: trans.__('data') }, { text: stateOf(first, trans) }, { text: stateOf(second, trans) }],
        ...names.map(name => [
          { text: name.slice('metric.'.length) },
          { text: textOf(first.facts[name] ?? ''), isNumber: true },
          { text: textOf(second.facts[name] ?? ''), isNumber: true }
        ])
      ]
    },
    ...(found['diff'] === null || found['diff'] === undefined ? [] : diff(found['diff'], options)),
    ...lineageOf([first, second])
  ];
}

function graph(data: unknown, { trans }: ISectionOptions): Section[] {
  const page = fieldsOf(data) as unknown as LogResult & { readonly branches: readonly Branch[] };
  const entries = listOf<Entry>(page.entries, 'firstLsn', 'origin');
  const known = listOf<Branch>(page.branches, 'name', 'timeline');
  const lines = listOf<LogResult['timelines'][number]>(page.timelines, 'id');
  if (entries.length === 0) {
    return [{ kind: 'heading', text: trans.__('Nothing has been written yet'), note: '' }];
  }
  const drawn = layout({
    entries,
    timelines: new Map(lines.map(line => [line.id, line])),
    branches: new Map(known.map(branch => [branch.name, branch])),
    defaultBranch: known.find(({ isDefault }) => isDefault)?.name ?? 'main',
    pins: [],
    runs: [],
    session: undefined,
    kernels: [],
    horizon: 0,
    isComplete: page.next === undefined || page.next === null,
    createdAt: entries.at(-1)!.firstAt,
    unfolded: new Map()
  });
  const labels = new Map(
    drawn.rows.flatMap((row, index) =>
      row.entry === undefined
        ? []
        : [
            [
              index,
              [
                plainRange(row.entry.firstLsn, row.entry.lastLsn),
                title(row.entry, trans),
                note(row.entry, undefined, trans)
              ]
                .filter(Boolean)
                .join(' · ')
            ] as const
          ]
    )
  );
  return [{ kind: 'graph', graph: drawn, labels }];
}

function log(data: unknown, { now, trans }: ISectionOptions): Section[] {
  const page = fieldsOf(data) as unknown as LogResult;
  const rows = listOf<Entry>(page.entries, 'firstLsn', 'origin').map(entry => [
    { text: plainRange(entry.firstLsn, entry.lastLsn), isNumber: true },
    { text: entry.branch ?? '' },
    { text: title(entry, trans), isStrong: true },
    { text: note(entry, undefined, trans) || entry.origin.actor },
    when(entry.lastAt, now, trans)
  ]);
  const columns = [trans.__('LSN'), trans.__('branch'), trans.__('what'), trans.__('by'), trans.__('when')];
  return rows.length === 0
    ? [{ kind: 'heading', text: trans.__('Nothing has been written yet'), note: '' }]
    : [{ kind: 'table', columns, rows }];
}

function history(data: unknown, { trans }: ISectionOptions): Section[] {
  const changes = listOf<Change>(fieldsOf(data)['changes'], 'lsn', 'op');
  const [newest] = changes;
  return [
    {
      kind: 'heading',
      text:
        newest === undefined ? trans.__('No version') : `${textOf(newest.collection)} / ${idText(newest.id)}`,
      note: trans._n('%2 version', '%2 versions', changes.length, count(changes.length))
    },
    { kind: 'changes', changes }
  ];
}

function runs(list: readonly Run[], options: ISectionOptions): Section[] {
  const { now, trans } = options;
  const columns = [
    trans.__('run'),
    trans.__('data'),
    trans.__('digest'),
    trans.__('metric'),
    trans.__('status'),
    trans.__('when')
  ];
  const rows = list.map((run): ICell[] => [
    { text: runName(run), full: run.id, isStrong: true },
    { text: stateOf(run, trans) },
    { text: textOf(run.digest).slice(0, 8), full: textOf(run.digest) },
    { text: runValue(run) ?? '', isNumber: true },
    { text: textOf(run.facts['status'] ?? '').toLowerCase() },
    when(run.createdAt, now, trans)
  ]);
  return rows.length === 0
    ? [{ kind: 'heading', text: trans.__('No runs yet'), note: '' }]
    : [{ kind: 'table', columns, rows }, ...lineageOf(list)];
}

function affected(data: unknown, options: ISectionOptions): Section[] {
  const found = listOf<RunAffectedResult['runs'][number]>(data, 'run', 'version');
  return runs(
    found.map(({ run }) => fieldsOf(run) as unknown as Run),
    options
  );
}

function lineage(data: unknown, { trans }: ISectionOptions): Section[] {
  const page = fieldsOf(data) as unknown as Lineage;
  const parts = {
    data: listOf<Lineage['data'][number]>(page.data, 'key', 'lsn'),
    cells: listOf<Lineage['cells'][number]>(page.cells, 'key', 'data'),
    runs: listOf<Lineage['runs'][number]>(page.runs, 'key', 'run'),
    models: listOf<Lineage['models'][number]>(page.models, 'key', 'name')
  };
  return [
    {
      kind: 'heading',
      text: trans.__('Lineage of %1', textOf(page.project)),
      note: trans._n('%2 run', '%2 runs', parts.runs.length, count(parts.runs.length))
    },
    { kind: 'lineage', parts, project: textOf(page.project) }
  ];
}

function lineageOf(list: readonly Run[]): Section[] {
  return list.length === 0
    ? []
    : [{ kind: 'lineage', parts: partsOfRuns(list), project: textOf(list[0]!.project) }];
}

/** What a run saw; the name of its branch may lead elsewhere now, or nowhere. */
function stateOf(run: Run, trans: TranslationBundle): string {
  const { branch, branchNow, timeline, lsn } = run;
  const state = `${branch ?? timeline}@${lsn}`;
  return branchNow === 'gone'
    ? trans.__('%1, branch gone', state)
    : branchNow === 'another'
      ? trans.__('%1, not on this branch any more', state)
      : state;
}

function when(instant: string, now: number, trans: TranslationBundle): ICell {
  return Number.isNaN(Date.parse(instant))
    ? { text: '' }
    : { text: ago(instant, now, trans), full: fullTime(instant) };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('An object was expected.');
  }
  return value as Record<string, unknown>;
}

function listOf<T>(value: unknown, ...names: readonly (keyof T & string)[]): readonly T[] {
  if (!Array.isArray(value)) {
    throw new TypeError('A list was expected.');
  }
  for (const item of value) {
    const fields = fieldsOf(item);
    if (names.some(name => fields[name] === undefined)) {
      throw new TypeError(`Every item has ${names.join(', ')}.`);
    }
  }
  return value as T[];
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError('A text was expected.');
  }
  return value;
}
