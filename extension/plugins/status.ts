import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- the status bar is laid out with the page
import { StatusItem } from '../statusbar/status';
import { DOMAIN, IArgon } from '../tokens';

/** After the kernel's status, before the items in the middle. */
const RANK = 5;

/** The item in the status bar: `project/branch@LSN`, ahead and behind. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-argon:status',
  description: 'Shows in the status bar which state of the data the current notebook works on.',
  autoStart: true,
  requires: [IArgon],
  optional: [IStatusBar, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    argon: IArgon,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (statusBar === null) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const item = new StatusItem({
      workspace: argon.workspace,
      trans,
      onClick: anchor => void argon.pickAndSwitch(anchor)
    });
    statusBar.registerStatusItem('jupyterlab-argon:status', { item, align: 'left', rank: RANK });
  }
};
