import { historyIcon, undoIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { Plan } from '../client/protocol';
import { mergeIcon } from '../icons';

/** The picture of what a plan does. */
export function planIcon(kind: Plan['kind']): LabIcon {
  return { merge: mergeIcon, pick: mergeIcon, undo: undoIcon, restore: historyIcon }[kind];
}
