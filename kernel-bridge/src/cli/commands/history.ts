import type { Command } from 'commander';
import type { Change, Diff, Entry, FieldChange, Pin, Run, Value } from '../../rpc/protocol';
import type { RunChoice } from '../../mlflow/choice';
import { defined } from '../../defined';
import { documentId, lsnRange, metricConditions, wholeNumber } from '../arguments';
import { run, withProject, type CommonOptions } from '../command';
import { ago, counts, harmless, table } from '../output';
import { defaultBranch } from './projects';

const range = ({ firstLsn, lastLsn }: { firstLsn: number; lastLsn: number }) =>
  firstLsn === lastLsn ? String(firstLsn) : `${firstLsn}–${lastLsn}`;

function what({ kind, merge, undo, catalog, collections }: Entry): string {
  if (merge) {
    return `merge ${merge.source}`;
  }
  if (undo) {
    return `undo ${undo.what}`;
  }
  const schema = catalog.map(({ op, collection, index }) =>
    index ? `index ${index} on ${collection} ${op}` : `${collection} ${op}`
  );
  return kind === 'catalog' ? schema.join(', ') : collections.join(', ');
}

export function who({ actor, notebook, cellNumber }: Entry['origin']): string {
  const cell = cellNumber === undefined ? '' : ` [${cellNumber}]`;
  return notebook === undefined ? actor : `${actor} in ${notebook}${cell}`;
}

/** Entries of the log as a table. */
export const entryTable = (entries: readonly Entry[]): string =>
  table(
    entries,
    [
      ['lsn', range],
      ['branch', ({ branch, timeline }) => branch ?? `timeline ${timeline}`],
      ['what', what],
      ['changes', ({ inserts, updates, deletes }) => counts(inserts, updates, deletes)],
      ['who', ({ origin }) => who(origin)],
      ['when', ({ lastAt }) => ago(lastAt)]
    ],
    'Nothing was changed here yet.'
  );

export const show = (value: Value) => (value.missing ? '∅' : JSON.stringify(value.value));
export const path = ({ path: steps }: Pick<FieldChange, 'path'>) =>
  steps.map(step => (typeof step === 'number' ? `[${step}]` : step)).join('.');
export const SIGNS = { insert: '+', update: '~', delete: '-' } as const;

/** A difference, document by document and field by field. */
export function diffText({ summary, catalog, documents, next }: Diff): string {
  const lines = [
    ...summary.map(
      ({ collection, added, changed, deleted }) => `${collection}: ${counts(added, changed, deleted)}`
    ),
    ...catalog.map(
      ({ op, collection, index }) => `${index === undefined ? '' : `index ${index} on `}${collection} ${op}`
    )
  ];
  for (const { collection, id, op, fields } of documents) {
    lines.push('', `${SIGNS[op]} ${collection} ${JSON.stringify(id)}`);
    const shown = op === 'update' ? fields : [];
    lines.push(...shown.map(field => `    ${path(field)}: ${show(field.before)} → ${show(field.after)}`));
  }
  if (next !== undefined) {
    lines.push('', 'More documents differ: raise --limit, or ask for one collection.');
  }
  return lines.length === 0 ? 'No differences.' : lines.map(harmless).join('\n');
}

const changeTable = (changes: readonly Change[]) =>
  table(
    changes,
    [
      ['lsn', ({ lsn }) => lsn],
      ['op', ({ op }) => op],
      ['fields', ({ fields }) => fields.map(path).join(', ')],
      ['who', ({ origin }) => who(origin)],
      ['when', ({ time }) => ago(time)]
    ],
    'This document has no history here.'
  );

const pinTable = (pins: readonly Pin[]) =>
  table(
    pins,
    [
      ['pin', ({ name }) => name],
      ['state', ({ ref }) => ref],
      ['who', ({ origin }) => origin.actor],
      ['made', ({ createdAt }) => ago(createdAt)]
    ],
    'No pins yet. Make one: argon pin NAME [REF].'
  );

const runTable = (runs: readonly Run[]) =>
  table(
    runs,
    [
      ['run', ({ id }) => id],
      ['name', ({ facts }) => facts['name']],
      ['status', ({ facts }) => facts['status']],
      ['state', ({ branch, timeline, lsn }) => `${branch ?? `timeline ${timeline}`}@${lsn}`],
      ['digest', ({ digest }) => digest],
      ['when', ({ createdAt }) => ago(createdAt)]
    ],
    'No runs are known yet.'
  );

interface RunOptions {
  readonly branch?: string;
  readonly lsn?: { readonly first: number; readonly last: number };
  readonly cell?: number;
  readonly model?: string;
  readonly metric?: NonNullable<RunChoice['metrics']>;
  readonly limit?: number;
}

/** What happened, what differs, what is named. */
export function addHistoryCommands(program: Command): void {
  const limit = ['--limit <n>', 'how many at most', wholeNumber(1, 2_000)] as const;

  withProject(program.command('log [ref]').description('what was changed, newest first'))
    .option(...limit)
    .action((ref: string | undefined, options: CommonOptions & { limit?: number }) =>
      run(options, async ({ call, print, project }) => {
        const page = await call('log', {
          project: await project(),
          ...(ref === undefined ? {} : { ref }),
          ...(options.limit === undefined ? {} : { limit: options.limit })
        });
        print(page.entries, entryTable);
      })
    );

  withProject(
    program.command('history <collection> <id>').description('versions of one document; ID is Extended JSON')
  )
    .option('--ref <ref>', 'as seen from this state; default: the default branch')
    .option(...limit)
    .action((collection: string, id: string, options: CommonOptions & { ref?: string; limit?: number }) =>
      run(options, async ({ call, print, project }) => {
        const name = await project();
        const page = await call('history', {
          project: name,
          ref: options.ref ?? (await defaultBranch(call, name)),
          collection,
          id: documentId(id),
          ...(options.limit === undefined ? {} : { limit: options.limit })
        });
        print(page.changes, changeTable);
      })
    );

  withProject(program.command('diff <from> <to>').description('what differs between two states'))
    .option('--collection <name>', 'only this collection')
    .option(...limit)
    .action((from: string, to: string, options: CommonOptions & { collection?: string; limit?: number }) =>
      run(options, async ({ call, print, project }) => {
        const diff = await call('diff', {
          project: await project(),
          from,
          to,
          ...(options.collection === undefined ? {} : { collection: options.collection }),
          ...(options.limit === undefined ? {} : { limit: options.limit })
        });
        print(diff, diffText);
      })
    );

  withProject(program.command('pin <name> [ref]').description('name a state for ever'))
    .option('--ensure', 'no error when it exists')
    .option('--delete', 'delete the pin instead')
    .action(
      (
        name: string,
        ref: string | undefined,
        options: CommonOptions & { ensure?: boolean; delete?: boolean }
      ) =>
        run(options, async ({ call, print, project }) => {
          const of = await project();
          if (options.delete) {
            print(await call('pin.delete', { project: of, name }), () =>
              harmless(`Deleted the pin ${name}.`)
            );
            return;
          }
          const params = {
            project: of,
            name,
            ref: ref ?? (await defaultBranch(call, of)),
            ensure: options.ensure ?? false
          };
          print(await call('pin.create', params), pin => pinTable([pin]));
        })
    );

  withProject(program.command('pins').description('list the pins')).action((options: CommonOptions) =>
    run(options, async ({ call, print, project }) =>
      print(await call('pin.list', { project: await project() }), pinTable)
    )
  );

  withProject(program.command('runs').description('MLflow runs and the states they saw'))
    .option('--branch <name>', 'only runs on this branch')
    .option('--lsn <a..b>', 'only runs that saw these LSNs', lsnRange)
    .option('--cell <n>', 'only runs that this cell started', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--model <text>', 'only runs whose model is called so')
    .option(
      '--metric <condition>',
      'only runs with such a metric, as "auc>0.9"; repeatable',
      metricConditions
    )
    .option(...limit)
    .action((options: CommonOptions & RunOptions) =>
      run(options, async ({ call, print, project }) => {
        const { branch, lsn, cell, model, metric, limit: most = 100 } = options;
        const choice = {
          project: await project(),
          ...defined<RunChoice>({
            branch,
            firstLsn: lsn?.first,
            lastLsn: lsn?.last,
            cell,
            model,
            metrics: metric
          })
        };
        const runs: Run[] = [];
        for (let after: string | undefined; ;) {
          const page = await call('run.list', {
            ...choice,
            limit: Math.min(most - runs.length, 1_000),
            ...(after === undefined ? {} : { after })
          });
          runs.push(...page.runs);
          after = page.next;
          if (after === undefined || runs.length >= most) {
            break;
          }
        }
        print(runs, runTable);
      })
    );
}
