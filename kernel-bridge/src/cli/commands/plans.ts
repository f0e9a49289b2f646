import type { Command } from 'commander';
import { ArgonError } from '@argon/wal-core';
import type { Conflict, Plan, RestorePreviewResult } from '../../rpc/protocol';
import { lsnRange, wholeNumber } from '../arguments';
import { run, withProject, type CommonOptions, type Run } from '../command';
import { counts, harmless } from '../output';
import { diffText, entryTable } from './history';
import { defaultBranch } from './projects';

const CONFLICTS_SHOWN = 20;

interface PlanOptions extends CommonOptions {
  readonly preview?: boolean;
  readonly ours?: boolean;
  readonly theirs?: boolean;
}

function planText(plan: Plan, conflicts: readonly Conflict[]): string {
  const done = plan.appliedAs && `as ${plan.appliedAs.firstLsn}–${plan.appliedAs.lastLsn}`;
  const lines = [
    `${plan.kind} of ${plan.source} into ${plan.into}${done === undefined ? '' : ` applied ${done}`} (plan ${plan.id})`,
    ...plan.summary.map(
      ({ collection, added, changed, deleted, conflicts: open }) =>
        `  ${collection}: ${counts(added, changed, deleted)}${open > 0 ? `, ${open} in conflict` : ''}`
    ),
    ...conflicts.map(
      conflict => `  ! ${conflict.collection} ${JSON.stringify(conflict.document)} ${conflict.path.join('.')}`
    )
  ];
  if (plan.unanswered > conflicts.length) {
    lines.push(`  ! and ${plan.unanswered - conflicts.length} more`);
  }
  return lines.map(harmless).join('\n');
}

/** Shows a plan, answers it by rule if told so, and applies it unless it is only a preview. */
async function settle(
  { call, print }: Run,
  project: string,
  planned: Plan,
  options: PlanOptions
): Promise<void> {
  const { id } = planned;
  const side = options.ours ? 'ours' : options.theirs ? 'theirs' : undefined;
  const plan = side === undefined ? planned : await call('plan.answer', { project, id, all: side });
  if (plan.unanswered > 0) {
    const { conflicts } = await call('plan.conflicts', { project, id, limit: CONFLICTS_SHOWN });
    print(plan, value =>
      planText(
        value,
        conflicts.filter(({ answer }) => answer === undefined)
      )
    );
    if (!options.preview) {
      throw new ArgonError(
        'PLAN_UNANSWERED',
        `${plan.unanswered} conflicts have no answer, and nothing was changed. Use --ours or --theirs, ` +
          'or answer them one by one in the merge view.'
      );
    }
    return;
  }
  print(options.preview ? plan : await call('plan.apply', { project, id }), value => planText(value, []));
}

function previewText({ branch, to, backup, changes, discarded, diff }: RestorePreviewResult): string {
  const [lost, shown] = [
    `${changes} ${changes === 1 ? 'change' : 'changes'}`,
    discarded.length > 0 ? entryTable(discarded) : ''
  ];
  const head = harmless(
    `${branch} back to ${to.ref}: discards ${lost}, which stay under the name ${backup}.`
  );
  return [head, shown, diffText(diff)].filter(part => part !== '').join('\n\n');
}

/** Merge, undo, restore. */
export function addPlanCommands(program: Command): void {
  const withPlan = (command: Command) =>
    withProject(command)
      .option('--preview', 'only show what would change')
      .option('--ours', 'settle conflicts for the branch that changes')
      .option('--theirs', 'settle conflicts for what is brought in');

  withPlan(program.command('merge <source>').description('merge a state into a branch'))
    .option('--into <branch>', 'branch that changes; default: the default branch')
    .action((source: string, options: PlanOptions & { into?: string }) =>
      run(options, async context => {
        const project = await context.project();
        const into = options.into ?? (await defaultBranch(context.call, project));
        await settle(context, project, await context.call('merge.plan', { project, source, into }), options);
      })
    );

  withPlan(program.command('undo').description('take changes back'))
    .option('--branch <name>', 'branch that changes; default: the default branch')
    .option('--lsn <a..b>', 'these LSNs', lsnRange)
    .option('--cell <id>', 'what this cell wrote')
    .option(
      '--number <n>',
      'what the cell with this execution count wrote; needs --session',
      wholeNumber(0, 1e9)
    )
    .option('--session <id>', 'session of the cell')
    .option('--actor <name>', 'what this person or service wrote')
    .option('--txn <id>', 'this transaction')
    .action(
      (
        options: PlanOptions & {
          branch?: string;
          lsn?: { first: number; last: number };
          cell?: string;
          number?: number;
          session?: string;
          actor?: string;
          txn?: string;
        }
      ) =>
        run(options, async context => {
          const project = await context.project();
          const { lsn, cell, number, session, actor, txn } = options;
          const plan = await context.call('undo.plan', {
            project,
            branch: options.branch ?? (await defaultBranch(context.call, project)),
            ...(lsn === undefined ? {} : { firstLsn: lsn.first, lastLsn: lsn.last }),
            ...(cell === undefined ? {} : { cell }),
            ...(number === undefined ? {} : { cellNumber: number }),
            ...(session === undefined ? {} : { session }),
            ...(actor === undefined ? {} : { actor }),
            ...(txn === undefined ? {} : { txn })
          });
          await settle(context, project, plan, options);
        })
    );

  const restore = program.command('restore').description('set a branch back to an earlier state');
  withProject(restore.command('preview <ref>').description('what that would discard'))
    .option('--branch <name>', 'branch that would change; default: the default branch')
    .action((to: string, options: CommonOptions & { branch?: string }) =>
      run(options, async ({ call, print, project }) => {
        const of = await project();
        const branch = options.branch ?? (await defaultBranch(call, of));
        print(await call('restore.preview', { project: of, branch, to }), previewText);
      })
    );
  withProject(
    restore.command('apply <ref>').description('do it; the discarded line stays under a backup name')
  )
    .option('--branch <name>', 'branch that changes; default: the default branch')
    .action((to: string, options: CommonOptions & { branch?: string }) =>
      run(options, async ({ call, print, project }) => {
        const of = await project();
        const branch = options.branch ?? (await defaultBranch(call, of));
        print(await call('restore.apply', { project: of, branch, to }), ({ branch: now, backup }) =>
          harmless(`${now.name} is at ${now.head}; what it was stays as ${backup}.`)
        );
      })
    );
}
