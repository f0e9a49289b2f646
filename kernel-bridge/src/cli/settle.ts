import type { Command } from 'commander';
import { ArgonError } from '@argon/wal-core';
import type { AnswerRule, Conflict, Plan } from '../rpc/protocol';
import { answerRule, lsnRange, wholeNumber } from './arguments';
import { withProject, type CommonOptions, type Run } from './command';
import { counts, harmless } from './output';

const CONFLICTS_SHOWN = 20;

export interface PlanOptions extends CommonOptions {
  readonly preview?: boolean;
  readonly ours?: boolean;
  readonly theirs?: boolean;
  readonly rule?: readonly AnswerRule[];
}

export function planText(plan: Plan, conflicts: readonly Conflict[]): string {
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
  for (const { name, passed, detail } of plan.checks ?? []) {
    lines.push(`  check ${name} ${passed ? 'passed' : 'failed'}${detail === undefined ? '' : `: ${detail}`}`);
  }
  if (plan.unanswered > conflicts.length) {
    lines.push(`  ! and ${plan.unanswered - conflicts.length} more`);
  }
  return lines.map(harmless).join('\n');
}

/** Shows a plan, answers it by rule if told so, and applies it unless it is only a preview. */
export async function settle(
  { call, print }: Run,
  project: string,
  planned: Plan,
  options: PlanOptions
): Promise<void> {
  const { id } = planned;
  const side = options.ours ? 'ours' : options.theirs ? 'theirs' : undefined;
  const { rule: rules } = options;
  const plan =
    side !== undefined
      ? await call('plan.answer', { project, id, all: side })
      : rules !== undefined
        ? await call('plan.answer', { project, id, rules: [...rules] })
        : planned;
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
        `${plan.unanswered} conflicts have no answer, and nothing was changed. Use --ours, --theirs or --rule, ` +
          'or answer them one by one in the merge view.'
      );
    }
    return;
  }
  print(options.preview ? plan : await call('plan.apply', { project, id }), value => planText(value, []));
}

/** Adds the options of every command that makes a plan. */
export function withPlan(command: Command): Command {
  return withProject(command)
    .option('--preview', 'only show what would change')
    .option('--ours', 'settle conflicts for the branch that changes')
    .option('--theirs', 'settle conflicts for what is brought in')
    .option(
      '--rule <side[:collection[:path]]>',
      'settle conflicts for ours, theirs, base or the newest, perhaps only there; the last that fits counts (repeatable)',
      (text: string, before: readonly AnswerRule[] = []) => [...before, answerRule(text)]
    );
}

/** Which changes are meant. */
export interface SelectionOptions {
  readonly lsn?: { readonly first: number; readonly last: number };
  readonly cell?: string;
  readonly number?: number;
  readonly session?: string;
  readonly actor?: string;
  readonly txn?: string;
}

/** Adds the options that say which changes are meant. */
export function withSelection(command: Command): Command {
  return command
    .option('--lsn <a..b>', 'these LSNs', lsnRange)
    .option('--cell <id>', 'what this cell wrote')
    .option(
      '--number <n>',
      'what the cell with this execution count wrote; needs --session',
      wholeNumber(0, 1e9)
    )
    .option('--session <id>', 'session of the cell')
    .option('--actor <name>', 'what this person or service wrote')
    .option('--txn <id>', 'this transaction');
}

/** The selection as requests say it. */
export function selection({ lsn, cell, number, session, actor, txn }: SelectionOptions): {
  firstLsn?: number;
  lastLsn?: number;
  cell?: string;
  cellNumber?: number;
  session?: string;
  actor?: string;
  txn?: string;
} {
  return {
    ...(lsn === undefined ? {} : { firstLsn: lsn.first, lastLsn: lsn.last }),
    ...(cell === undefined ? {} : { cell }),
    ...(number === undefined ? {} : { cellNumber: number }),
    ...(session === undefined ? {} : { session }),
    ...(actor === undefined ? {} : { actor }),
    ...(txn === undefined ? {} : { txn })
  };
}
