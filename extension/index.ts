/**
 * The labextension of Argon: side panel, status bar, branch picker and cell badges.
 */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { notebookPlugin } from './plugins/notebook';
import { panelPlugin } from './plugins/panel';
import { statusPlugin } from './plugins/status';

export { IArgon } from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [panelPlugin, statusPlugin, notebookPlugin];

export default plugins;
