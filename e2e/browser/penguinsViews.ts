import type {
  Answer,
  Conflict,
  DocumentDiff,
  Methods,
  Plan,
  State,
  Value
} from '../../extension/client/protocol';

/** What the diff and the merge of the pictures show: clean-nulls@1204 against main@1192. */

const text = (value: string): Value => ({ type: 'string', value });
const nothing: Value = { type: 'null', value: null };
const missing: Value = { missing: true };
const double = (value: string) => ({ $numberDouble: value });
const int = (value: number) => ({ $numberInt: String(value) });

function state(branch: string, timeline: number, lsn: number): State {
  const clusterTime = { t: 1, i: 1 };
  const database = `penguins@${branch}`;
  const time = new Date().toISOString();
  return {
    project: 'penguins',
    ref: `${branch}@${lsn}`,
    branch,
    timeline,
    lsn,
    time,
    clusterTime,
    writable: true,
    database
  };
}

const G027 = {
  _id: 'G027',
  species: 'Gentoo',
  island: 'Biscoe',
  bill_depth_mm: double('15.7'),
  flipper_length_mm: int(217),
  body_mass_g: int(4875),
  survey: { study: 'PAL0708', date: { $date: { $numberLong: '1195171200000' } } }
};

function changed(id: string, species: string, island: string, n: number): DocumentDiff {
  const fields = Array.from({ length: n }, (_, at) => ({
    path: [`field${at}`],
    before: nothing,
    after: text('x')
  }));
  return { collection: 'penguins', id, op: 'update', fields, after: { _id: id, species, island } };
}

function deleted(id: string, species: string, island: string): DocumentDiff {
  return { collection: 'penguins', id, op: 'delete', fields: [], before: { _id: id, species, island } };
}

const documents: DocumentDiff[] = [
  deleted('A004', 'Adelie', 'Torgersen'),
  changed('A009', 'Adelie', 'Torgersen', 6),
  changed('A010', 'Adelie', 'Torgersen', 5),
  changed('A011', 'Adelie', 'Torgersen', 5),
  changed('A012', 'Adelie', 'Torgersen', 5),
  changed('A048', 'Adelie', 'Dream', 5),
  {
    collection: 'penguins',
    id: 'G027',
    op: 'update',
    before: {
      ...G027,
      bill_length_mm: '44.5',
      sex: null,
      review: { status: 'open', by: null },
      tags: ['no-blood-sample']
    },
    after: {
      ...G027,
      bill_length_mm: double('44.5'),
      sex: 'female',
      review: { status: 'imputed', by: 'knn-5' },
      tags: ['no-blood-sample', 'sex-imputed'],
      imputed: { field: 'sex', confidence: double('0.91'), neighbours: ['G031', 'G044', 'G052'] }
    },
    fields: [
      { path: ['bill_length_mm'], before: text('44.5'), after: { type: 'double', value: double('44.5') } },
      { path: ['sex'], before: nothing, after: text('female') },
      { path: ['review', 'status'], before: text('open'), after: text('imputed') },
      { path: ['review', 'by'], before: nothing, after: text('knn-5') },
      { path: ['tags', 1], before: missing, after: text('sex-imputed') },
      {
        path: ['imputed'],
        before: missing,
        after: {
          type: 'object',
          value: { field: 'sex', confidence: double('0.91'), neighbours: ['G031', 'G044', 'G052'] }
        }
      }
    ]
  },
  changed('G067', 'Gentoo', 'Biscoe', 5),
  changed('G105', 'Gentoo', 'Biscoe', 5),
  changed('G117', 'Gentoo', 'Biscoe', 5),
  deleted('G120', 'Gentoo', 'Biscoe'),
  {
    collection: 'sources',
    id: 'clean-nulls',
    op: 'insert',
    fields: [],
    after: { _id: 'clean-nulls', rule: 'no sex: impute, no measurements: drop' }
  }
];

/** Documents that main changed too, after the fork. */
const ALSO_ON_MAIN = ['A004', 'A009', 'G105'];

function conflict(
  id: string,
  document: string,
  path: string[],
  base: Value,
  ours: Value,
  theirs: Value
): Conflict {
  return { id, collection: 'penguins', document, path, base, ours, theirs };
}

/** A plan that takes answers, as the bridge does. */
export class PenguinsMerge {
  readonly conflicts: Conflict[] = [
    conflict('k1', 'A009', ['sex'], nothing, text('male'), text('female')),
    conflict('k2', 'A009', ['review', 'status'], text('open'), text('confirmed'), text('imputed')),
    conflict('k3', 'A009', ['review', 'by'], nothing, text('lin'), text('knn-5')),
    conflict('k4', 'G105', ['sex'], nothing, text('male'), text('female')),
    conflict('k5', 'G105', ['review', 'status'], text('open'), text('confirmed'), text('imputed')),
    conflict('k6', 'G105', ['review', 'by'], nothing, text('lin'), text('knn-5')),
    conflict(
      'k7',
      'A004',
      [],
      { type: 'object', value: { _id: 'A004' } },
      { type: 'object', value: { _id: 'A004', sex: 'male' } },
      missing
    )
  ];
  applied = false;

  get plan(): Plan {
    const unanswered = this.conflicts.filter(known => known.answer === undefined).length;
    return {
      id: 'p-31',
      kind: 'merge',
      state: this.applied ? 'applied' : 'open',
      project: 'penguins',
      into: 'main',
      intoLsn: 1192,
      source: 'clean-nulls@1204',
      sourceLsn: 1204,
      base: 'main@949',
      summary: [
        { collection: 'penguins', added: 0, changed: 9, deleted: 2, conflicts: 7 },
        { collection: 'sources', added: 1, changed: 0, deleted: 0, conflicts: 0 }
      ],
      conflicts: this.conflicts.length,
      unanswered,
      createdAt: new Date().toISOString(),
      ...(this.applied ? { appliedAs: { firstLsn: 1893, lastLsn: 1904 } } : {})
    };
  }

  /** A009 as main will read it, with the answers given so far. */
  get result(): DocumentDiff {
    const pick = (id: string): unknown => {
      const known = this.conflicts.find(candidate => candidate.id === id)!;
      const answer = known.answer;
      return answer === undefined || answer.take === 'ours'
        ? known.ours.value
        : answer.take === 'theirs'
          ? known.theirs.value
          : answer.value;
    };
    const before = {
      _id: 'A009',
      species: 'Adelie',
      island: 'Torgersen',
      bill_length_mm: double('34.1'),
      body_mass_g: int(3450)
    };
    return {
      collection: 'penguins',
      id: 'A009',
      op: 'update',
      before,
      after: {
        ...before,
        sex: pick('k1'),
        survey: { study: 'PAL0708', date: { $date: { $numberLong: '1195171200000' } } },
        tags: ['no-blood-sample', 'rechecked', 'sex-imputed'],
        review: { status: pick('k2'), by: pick('k3') },
        imputed: { field: 'sex', confidence: double('0.91') }
      },
      fields: [
        { path: ['tags', 2], before: missing, after: text('sex-imputed') },
        {
          path: ['imputed'],
          before: missing,
          after: { type: 'object', value: { field: 'sex', confidence: double('0.91') } }
        }
      ]
    };
  }

  /** What the scripted bridge answers about diffs and plans. */
  readonly answers: Partial<{ [M in keyof Methods]: (params: Methods[M]['params']) => unknown }> = {
    diff: () => ({
      from: state('main', 1, 1192),
      to: state('clean-nulls', 4, 1204),
      summary: [
        { collection: 'penguins', added: 0, changed: 9, deleted: 2 },
        { collection: 'sources', added: 1, changed: 0, deleted: 0 }
      ],
      catalog: [],
      documents
    }),
    'ref.collections': ({ ref }) => {
      const isMain = ref.startsWith('main');
      const collection = (name: string, count: number) => ({
        name,
        count,
        digest: '',
        indexes: [],
        options: {}
      });
      const collections = [
        collection('penguins', isMain ? 344 : 342),
        collection('sources', isMain ? 2 : 3),
        collection('islands', 3)
      ];
      return {
        state: isMain ? state('main', 1, 1192) : state('clean-nulls', 4, 1204),
        digest: '',
        collections
      };
    },
    'merge.overlap': ({ source, into, documents: asked = [] }) => ({
      source,
      into,
      base: 'main@949',
      forkLsn: 949,
      documents: ALSO_ON_MAIN.length,
      asked: ALSO_ON_MAIN.length,
      more: false,
      marks: asked.map(({ id }) => (ALSO_ON_MAIN.includes(String(id)) ? 'asked' : 'none'))
    }),
    history: ({ collection, id, ref, limit }) => {
      const ada = { actor: 'ada', notebook: '02-clean-nulls.ipynb', cell: 'c3', cellNumber: 3 };
      const lin = { actor: 'lin', notebook: '07-dna.ipynb', cell: 'c2', cellNumber: 2 };
      const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
      const { fields } = documents.find(({ id: known }) => known === 'G027')!;
      const isMain = ref.startsWith('main');
      const change = { collection, id, op: 'update' as const, fields };
      const loaded = {
        ...change,
        lsn: 182,
        timeline: 1,
        branch: 'main',
        op: 'insert' as const,
        time: ago(5 * 24 * 60),
        origin: { ...ada, notebook: '01-load.ipynb', cell: 'c2', cellNumber: 2 },
        fields: []
      };
      const onMain = { ...change, lsn: 1191, timeline: 1, branch: 'main', time: ago(46), origin: lin };
      const onBranch = {
        ...change,
        lsn: 1198,
        timeline: 4,
        branch: 'clean-nulls',
        time: ago(7),
        origin: ada
      };
      const newest = !isMain ? [onBranch] : ALSO_ON_MAIN.includes(String(id)) ? [onMain] : [];
      return { changes: [...newest, loaded].slice(0, limit) };
    },
    'merge.plan': () => this.plan,
    'plan.again': () => this.plan,
    'plan.get': () => this.plan,
    'plan.conflicts': () => ({ conflicts: this.conflicts }),
    'plan.documents': () => ({ documents: [this.result] }),
    'plan.answer': ({ answers, all }) => {
      for (const { conflict: id, answer } of answers ?? []) {
        this._set(id, answer ?? undefined);
      }
      if (all !== undefined) {
        this.conflicts
          .filter(known => known.answer === undefined)
          .forEach(known => this._set(known.id, { take: all }));
      }
      return this.plan;
    },
    'plan.apply': () => {
      this.applied = true;
      return this.plan;
    }
  };

  private _set(id: string, answer: Answer | undefined): void {
    const known = this.conflicts.find(candidate => candidate.id === id)!;
    delete known.answer;
    if (answer !== undefined) {
      known.answer = answer;
    }
  }
}
