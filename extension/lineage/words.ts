import type { TranslationBundle } from '@jupyterlab/translation';
import type { LineageCell, LineageData, LineageRun } from '../client/protocol';
import { count } from '../format/count';
import { baseName } from '../format/shorten';
import { moment } from '../format/time';
import { runName, runValue } from '../graph/rowName';
import type { LineageNode } from './graph';

/** What stands on a node. */
export interface INodeText {
  readonly title: string;
  readonly note: string;
  /** At the right: a run's metric. */
  readonly value: string | undefined;
}

/** `clean-nulls@1204`; where the branch is not known, the timeline. */
export function placeName(
  state: { readonly branch?: string; readonly timeline: number; readonly lsn: number },
  trans: TranslationBundle
): string {
  return state.branch === undefined
    ? trans.__('timeline %1@%2', state.timeline, state.lsn)
    : `${state.branch}@${state.lsn}`;
}

/** Where the name of a run's branch leads now, when that is not to what the run saw; else nothing. */
export function branchNowNote(
  { branch, branchNow }: LineageRun['run'],
  trans: TranslationBundle
): string | undefined {
  switch (branchNow) {
    case 'gone':
      return trans.__('There is no branch %1 any more.', branch ?? '');
    case 'another':
      return trans.__('The branch %1 of now is another, or was reset: it does not lead here.', branch ?? '');
    case undefined:
      return undefined;
  }
}

function branchNowWord({ run }: LineageRun, trans: TranslationBundle): string {
  switch (run.branchNow) {
    case 'gone':
      return trans.__('branch gone');
    case 'another':
      return trans.__('branch moved');
    default:
      return '';
  }
}

/** The words on a node. */
export function nodeText(node: LineageNode, now: number, trans: TranslationBundle): INodeText {
  switch (node.kind) {
    case 'data':
      return { title: placeName(node.data, trans), note: dataNote(node.data, trans), value: undefined };
    case 'cell':
      return { ...cellText(node.cell, trans), value: undefined };
    case 'run':
      return {
        title: runName(node.run.run),
        note: [statusWord(node.run, trans), runTime(node.run, now, trans), branchNowWord(node.run, trans)]
          .filter(Boolean)
          .join(' · '),
        value: runValue(node.run.run)
      };
    case 'model': {
      const { name, version, aliases } = node.model;
      const words =
        version === undefined
          ? [trans.__('logged, not registered')]
          : [trans.__('version %1', version), ...aliases];
      return { title: name, note: words.join(', '), value: undefined };
    }
    case 'fold':
      return {
        title: trans._n('%2 older run', '%2 older runs', node.runs.length, count(node.runs.length)),
        note: trans.__('Enter shows them'),
        value: undefined
      };
  }
}

/** `342 penguins · 7c1e0b94`. */
export function dataNote(data: LineageData, trans: TranslationBundle): string {
  const [only, ...others] = data.collections ?? [];
  const documents = data.documents;
  const counted =
    data.gone === true
      ? trans.__('no longer kept')
      : documents === undefined
        ? undefined
        : only !== undefined && others.length === 0
          ? `${count(documents)} ${only.name}`
          : trans._n('%2 document', '%2 documents', documents, count(documents));
  return [counted, data.digest?.slice(0, 8)].filter(Boolean).join(' · ');
}

/** A cell's notebook and number. */
export function cellText(
  cell: Pick<LineageCell, 'notebook' | 'cell' | 'cellNumber'>,
  trans: TranslationBundle
): { title: string; note: string } {
  const number =
    cell.cellNumber !== undefined
      ? trans.__('cell [%1]', cell.cellNumber)
      : cell.cell === undefined
        ? ''
        : trans.__('cell %1', cell.cell);
  return {
    title: cell.notebook === undefined ? trans.__('no notebook') : baseName(cell.notebook),
    note: number
  };
}

/** `running`, `failed` …; nothing for a run that has finished. */
export function statusWord(run: LineageRun, trans: TranslationBundle): string {
  switch (run.run.facts['status']) {
    case 'RUNNING':
      return trans.__('running');
    case 'SCHEDULED':
      return trans.__('scheduled');
    case 'FAILED':
      return trans.__('failed');
    case 'KILLED':
      return trans.__('killed');
    default:
      return '';
  }
}

/** `today 14:33`. */
function runTime(run: LineageRun, now: number, trans: TranslationBundle): string {
  return moment(run.run.facts['startedAt'] ?? run.run.createdAt, now, trans).replace(/:\d\d$/, '');
}

/** The accessible name of a node: what it is, what stands on it, where it comes from. */
export function nodeName(
  node: LineageNode,
  parents: readonly LineageNode[],
  now: number,
  trans: TranslationBundle
): string {
  const { title, note, value } = nodeText(node, now, trans);
  const kind = {
    data: trans.__('data'),
    cell: trans.__('cell'),
    run: trans.__('run'),
    model: trans.__('model'),
    fold: trans.__('folded runs')
  }[node.kind];
  const pins = node.kind === 'data' ? node.data.pins.map(pin => trans.__('pin %1', pin)) : [];
  const from =
    parents.length === 0
      ? ''
      : trans.__('from %1', parents.map(parent => nodeText(parent, now, trans).title).join(', '));
  return [`${kind} ${title}`, note, value ?? '', ...pins, from].filter(part => part !== '').join(', ');
}
