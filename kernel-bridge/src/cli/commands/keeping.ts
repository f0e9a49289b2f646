import { resolve } from 'node:path';
import { ArgonError, restoreBackup, type Lsn, type RestoreBackupOptions } from '@argon/wal-core';
import { type Command, Option } from 'commander';
import type {
  Keeper,
  KeepingBackupResult,
  KeepingCompactResult,
  KeepingGcResult,
  KeepingRetentionResult,
  KeepingVerifyResult
} from '../../rpc/protocol';
import { duration, wholeNumber } from '../arguments';
import { run, withData, withProject, type CommonOptions } from '../command';
import { EXIT } from '../exit';
import { harmless, size, table } from '../output';

const LSNS_MAX = 2 ** 48;

const REASONS = {
  log: 'the log has grown',
  changes: 'enough has changed',
  time: 'something has changed and it was long ago',
  deleted: 'branches or projects were deleted'
} as const;

function keeperText({ automatic, running, waits, last, failed }: Keeper): string {
  const lines = [
    automatic
      ? 'Garbage is collected in the background, when the bridge is quiet.'
      : 'Garbage is collected only when it is asked for: argon gc --apply.'
  ];
  if (running) {
    lines.push('A collection is under way.');
  } else if (waits !== undefined) {
    lines.push(`The next one is due: ${REASONS[waits]}.`);
  }
  if (last !== undefined) {
    const gains = `${size(last.logBytes)} of the log and ${size(last.stateBytes)} inside the state`;
    lines.push(`The last one, ${last.at}, because ${REASONS[last.reason]}, gave back ${gains}.`);
  }
  if (failed !== undefined) {
    lines.push(`The newest one failed: ${harmless(failed)}`);
  }
  return lines.join('\n');
}

const compactText = ({ stateBytes, stateFreeBytes }: KeepingCompactResult) =>
  `At the next start the state, ${size(stateBytes)}, gives back about ${size(stateFreeBytes)}.`;

function gcText(report: KeepingGcResult): string {
  const { dryRun, rows, stateBytes, logBytes, images, timelines, kept, horizons } = report;
  const went = (word: string, count: number, bytes?: number) => ({ word, count, bytes });
  const gains = [
    went('versions of documents', rows.versions),
    went('rows of changes', rows.changes),
    went('index entries', rows.indexEntries),
    went('commit times', rows.commits),
    went('timelines', timelines),
    went('page images', images),
    went('other rows', rows.other)
  ].filter(({ count }) => count > 0);
  const blocks = [
    table(
      gains,
      [
        [dryRun ? 'would go' : 'gone', ({ word }) => word],
        ['count', ({ count }) => count]
      ],
      dryRun ? 'Nothing would go.' : 'Nothing was to be taken away.'
    ),
    `${dryRun ? 'It would give back' : 'It gave back'} ${size(logBytes)} of the log, and ${size(stateBytes)} inside the state.`,
    table(
      kept,
      [
        ['kept because of', ({ kind, name }) => `${kind} ${name}`],
        ['from LSN', ({ lsn }) => lsn],
        ['only for it', ({ bytesAlone }) => size(bytesAlone)]
      ],
      'Everything is kept: no retention is set. See argon retention.'
    )
  ];
  if (horizons.length > 0) {
    blocks.push(
      table(
        horizons,
        [
          ['branch', ({ branch }) => branch],
          ['can be read from LSN', ({ lsn }) => lsn]
        ],
        ''
      )
    );
  }
  if (dryRun) {
    blocks.push('Nothing was changed. Do it with --apply.');
  }
  return blocks.join('\n\n');
}

function verifyText({ problems, complete, checked }: KeepingVerifyResult): string {
  if (problems.length === 0) {
    return `All is well: ${checked['records'] ?? 0} records of the log and ${checked['versions'] ?? 0} versions of the state fit together.`;
  }
  const lines = problems.map(({ where, offset, key, what }) => {
    const at = offset === undefined ? (key === undefined ? '' : ` key ${key}`) : ` byte ${offset}`;
    return harmless(`${where}${at}: ${what}`);
  });
  return [...lines, ...(complete ? [] : ['… and perhaps more.'])].join('\n');
}

const backupText = ({ files, bytes, copiedFiles, copiedBytes }: KeepingBackupResult) =>
  `The backup has ${files} files, ${size(bytes)}; ${copiedFiles} of them, ${size(copiedBytes)}, are new.`;

function retentionText({ keepSeconds, keepLsns }: KeepingRetentionResult): string {
  const parts = [
    ...(keepSeconds === undefined ? [] : [`the last ${keepSeconds} seconds`]),
    ...(keepLsns === undefined ? [] : [`the newest ${keepLsns} LSNs`])
  ];
  return parts.length === 0 ? 'No setting: all history is kept.' : `Kept: ${parts.join(', and ')}.`;
}

interface KeepOptions extends CommonOptions {
  readonly keep?: number;
  readonly keepLsns?: number;
}

const figures = ({ keep, keepLsns }: KeepOptions) => ({
  ...(keep === undefined ? {} : { keepSeconds: keep }),
  ...(keepLsns === undefined ? {} : { keepLsns })
});

const withFigures = (command: Command) =>
  command
    .option('--keep <time>', 'states that were current in this time: 12h, 7d, 2w', duration)
    .option('--keep-lsns <n>', 'the newest n LSNs of each branch', wholeNumber(0, LSNS_MAX));

interface GcCommandOptions extends KeepOptions {
  readonly apply?: boolean;
  readonly automatic?: 'on' | 'off' | true;
  readonly compact?: boolean;
}

/** Garbage collection, verification, backups. */
export function addKeepingCommands(program: Command): void {
  withFigures(
    withProject(
      program.command('gc').description('say what history could be taken away, and what keeps the rest')
    )
  )
    .option('--apply', 'take it away')
    .addOption(
      new Option('--automatic [state]', 'show, or switch, collections in the background')
        .choices(['on', 'off'])
        .conflicts(['apply', 'keep', 'keepLsns', 'project', 'compact'])
    )
    .option('--compact', 'have the file of the state give its free pages back at the next start')
    .action((options: GcCommandOptions) =>
      run(options, async ({ call, print }) => {
        const { automatic } = options;
        if (options.compact === true) {
          print(await call('keeping.compact', {}), compactText);
          return;
        }
        if (automatic !== undefined) {
          const enabled = automatic === true ? {} : { enabled: automatic === 'on' };
          print(await call('keeping.automatic', enabled), keeperText);
          return;
        }
        const params = {
          ...figures(options),
          ...(options.project === undefined ? {} : { project: options.project })
        };
        print(await call('keeping.gc', { ...params, apply: options.apply === true }), gcText);
      })
    );

  withFigures(
    withProject(
      program
        .command('retention [branch]')
        .description('show or set how much history a project or branch keeps')
    )
  )
    .option('--all', 'take the setting away')
    .action((branch: string | undefined, options: KeepOptions & { all?: boolean }) =>
      run(options, async ({ call, project, print }) => {
        const place = { project: await project(), ...(branch === undefined ? {} : { branch }) };
        const wanted = figures(options);
        const isSet = options.all === true || Object.keys(wanted).length > 0;
        print(
          isSet
            ? await call('keeping.setRetention', { ...place, ...(options.all === true ? {} : wanted) })
            : await call('keeping.retention', place),
          retentionText
        );
      })
    );

  withData(
    program
      .command('verify')
      .description('walk log, state and images; exit code 1 when something does not fit')
  ).action((options: CommonOptions) =>
    run(options, async ({ call, print }) => {
      const report = await call('keeping.verify', {});
      print(report, verifyText);
      process.exitCode = report.problems.length === 0 ? EXIT.OK : EXIT.ERROR;
    })
  );

  withData(
    program.command('backup <folder>').description('copy everything into a folder; again, only what is new')
  ).action((folder: string, options: CommonOptions) =>
    run(options, async ({ call, print }) =>
      print(await call('keeping.backup', { folder: resolve(folder) }), backupText)
    )
  );

  program
    .command('restore-backup <folder> <directory>')
    .description('make a new data directory from a backup, and verify it')
    .option('-p, --project <name>', 'project that --lsn counts in')
    .option('--lsn <n>', 'only up to this LSN of the project', wholeNumber(0, LSNS_MAX))
    .option('--time <instant>', 'only up to this instant, as ISO 8601')
    .action(async (folder: string, directory: string, options: MomentOptions) => {
      const { projects, verified } = await restoreBackup(
        resolve(folder),
        resolve(directory),
        momentOf(options)
      );
      const heads = table(
        projects,
        [
          ['project', ({ name }) => name],
          ['head', ({ head }) => head]
        ],
        'The backup holds no project.'
      );
      const problems = verified.problems.map(problem => ({ ...problem }));
      const checks = { problems, complete: verified.isComplete, checked: { ...verified.checked } };
      console.log(`${heads}\n\n${verifyText(checks)}`);
      process.exitCode = problems.length === 0 ? EXIT.OK : EXIT.ERROR;
    });
}

interface MomentOptions {
  readonly project?: string;
  readonly lsn?: number;
  readonly time?: string;
}

/** @throws BAD_REQUEST */
function momentOf({ project, lsn, time }: MomentOptions): RestoreBackupOptions {
  if (lsn !== undefined && time === undefined && project !== undefined) {
    return { to: { project, lsn: lsn as Lsn } };
  }
  if (time !== undefined && lsn === undefined && project === undefined && Number.isFinite(Date.parse(time))) {
    return { to: { time: new Date(time) } };
  }
  if (lsn === undefined && time === undefined && project === undefined) {
    return {};
  }
  throw new ArgonError(
    'BAD_REQUEST',
    'Say --project and --lsn, or --time as 2026-07-07T09:00:00Z, or neither.'
  );
}
