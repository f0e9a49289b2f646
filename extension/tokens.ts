import { Token } from '@lumino/coreutils';
import type { Actions } from './commands/actions';
import type { Workspace } from './model/workspace';
import type { IBadgeActions } from './notebook/badge';

/** Name of the package; ids of plugins start with it. */
export const PACKAGE = 'jupyterlab-argon';

/** Domain of the translations. */
export const DOMAIN = 'jupyterlab_argon';

/** Connection, projects and sessions of Argon, for its own plugins and for other extensions. */
export interface IArgon {
  readonly workspace: Workspace;
  readonly actions: Actions;
  /** Opens the picker at an element and moves the session of the current notebook to what is picked. */
  pickAndSwitch(anchor: HTMLElement | undefined): Promise<void>;
  /** What the badges of a cell can be asked for. */
  badgeActions(runAgain: () => void): IBadgeActions;
}

/** The service token of Argon. */
export const IArgon = new Token<IArgon>(
  'jupyterlab-argon:IArgon',
  'Connection, projects and sessions of Argon: branches of MongoDB data for notebooks.'
);
