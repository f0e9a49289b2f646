import type { TranslationBundle } from '@jupyterlab/translation';
import type { Plan } from '../client/protocol';
import { count } from '../format/count';
import { selectionText } from '../format/words';
import { splitRef } from '../model/refs';

/** What a plan is called, by what it does. */
export interface IPlanWords {
  /** The tab. */
  readonly label: string;
  readonly caption: string;
  /** The bar: a verb with a ref behind it, a word, and the ref behind that. */
  readonly verb: string;
  readonly first: string;
  readonly word: string;
  readonly second: string;
  /** The button that does it. */
  readonly apply: string;
  /** What the list of changes is headed with. */
  readonly writes: string;
  /** What stands above them when nothing is asked. */
  readonly noConflict: string;
}

/** The words of a plan. A restore names the branch first and then where it goes back to, as one says it. */
export function planWords(
  plan: Pick<Plan, 'kind' | 'source' | 'into' | 'intoLsn'>,
  trans: TranslationBundle
): IPlanWords {
  const { kind, into } = plan;
  const source = kind === 'undo' || kind === 'pick' ? selectionText(plan.source, trans) : plan.source;
  const target = `${into}@${plan.intoLsn}`;
  const unasked = trans.__('No conflict: this is what would be written');
  switch (kind) {
    case 'merge':
      return {
        ...mergeTitle(source, into, trans),
        verb: trans.__('Merge'),
        first: source,
        word: trans.__('into'),
        second: target,
        apply: trans.__('Apply merge'),
        writes: trans.__('What the merge writes'),
        noConflict: trans.__('No conflict: everything is joined by rule')
      };
    case 'pick':
      return {
        label: trans.__('Pick %1 → %2', source, into),
        caption: trans.__('Pick %1 into %2', source, into),
        verb: trans.__('Pick'),
        first: source,
        word: trans.__('into'),
        second: target,
        apply: trans.__('Apply pick'),
        writes: trans.__('What the pick writes'),
        noConflict: unasked
      };
    case 'undo':
      return {
        label: trans.__('Undo %1 on %2', source, into),
        caption: trans.__('Undo %1 on %2', source, into),
        verb: trans.__('Undo'),
        first: source,
        word: trans.__('on'),
        second: target,
        apply: trans.__('Apply undo'),
        writes: trans.__('What the undo writes'),
        noConflict: unasked
      };
    case 'restore': {
      const to = pastOf(source, into, trans);
      return {
        label: trans.__('Restore %1 to %2', into, to),
        caption: trans.__('Bring values of %1 back to what they were in %2', into, source),
        verb: trans.__('Restore'),
        first: target,
        word: trans.__('to'),
        second: source,
        apply: trans.__('Apply restore'),
        writes: trans.__('What the restore writes'),
        noConflict: unasked
      };
    }
  }
}

/** The tab of a merge, which is known before its plan is made. */
export function mergeTitle(
  source: string,
  into: string,
  trans: TranslationBundle
): Pick<IPlanWords, 'label' | 'caption'> {
  return {
    label: trans.__('Merge %1 → %2', splitRef(source)[0], into),
    caption: trans.__('%1 into %2', source, into)
  };
}

/** A past state of the branch itself is an LSN; another one is named whole. */
function pastOf(source: string, into: string, trans: TranslationBundle): string {
  const [branch, lsn] = splitRef(source);
  return branch === into && /^\d+$/.test(lsn) ? trans.__('LSN %1', count(Number(lsn))) : source;
}
