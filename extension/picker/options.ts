import type { TranslationBundle } from '@jupyterlab/translation';
import type { Branch, Pin, State } from '../client/protocol';
import { count } from '../format/count';
import { clockAndDay } from '../format/time';

/** One line of the picker. */
export interface IPickerOption {
  readonly ref: string;
  readonly label: string;
  readonly note: string;
  readonly kind: 'branch' | 'pin' | 'state';
  readonly isCurrent: boolean;
}

/** The options for what was typed: a state that the text names, then branches, then pins. */
export function pickerOptions(given: {
  readonly text: string;
  readonly branches: readonly Branch[];
  readonly pins: readonly Pin[];
  readonly state: State | undefined;
  /** Branch of the session. */
  readonly current: string | undefined;
  readonly now: number;
  readonly trans: TranslationBundle;
}): readonly IPickerOption[] {
  const { text, trans } = given;
  const wanted = text.trim().toLowerCase();
  const options: IPickerOption[] = [];
  const { state } = given;
  if (state !== undefined && !given.branches.some(branch => branch.name === state.ref)) {
    const when = clockAndDay(state.time, given.now, trans);
    options.push({
      ref: state.ref,
      label: state.ref,
      note: state.writable ? when : trans.__('%1 · read-only', when),
      kind: 'state',
      isCurrent: false
    });
  }
  const isCurrent = (branch: Branch) => branch.name === given.current;
  const branches = [...given.branches].sort(
    (one, other) => Number(isCurrent(other)) - Number(isCurrent(one))
  );
  for (const branch of branches) {
    options.push({
      ref: branch.name,
      label: branch.name,
      note: branchNote(branch, trans),
      kind: 'branch',
      isCurrent: isCurrent(branch)
    });
  }
  for (const pin of given.pins) {
    if (pin.name.toLowerCase().includes(wanted) || pin.ref.toLowerCase().includes(wanted)) {
      options.push({
        ref: `pin:${pin.name}`,
        label: pin.name,
        note: trans.__('%1 · read-only', pin.ref),
        kind: 'pin',
        isCurrent: false
      });
    }
  }
  return options;
}

/** `12 ahead · 3 behind`, or the one fact that says more. */
export function branchNote(branch: Branch, trans: TranslationBundle): string {
  if (branch.isDefault) {
    return branch.isProtected ? trans.__('protected') : trans.__('default');
  }
  if (branch.mergedAt !== undefined && branch.ahead === 0) {
    return trans.__('merged');
  }
  return trans.__('%1 ahead · %2 behind', count(branch.ahead), count(branch.behind));
}
