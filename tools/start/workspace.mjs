/** The layout that JupyterLab opens with: Argon's panel shown, the rest as always. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Id of the side panel's widget (extension/panel). */
const PANEL = 'argon-panel';
/** The name JupyterLab gives to the file of its default workspace. */
const DEFAULT_WORKSPACE = 'default-37a8.jupyterlab-workspace';

const LAYOUT = {
  'layout-restorer:data': {
    // Without `current`: JupyterLab takes it for a name whenever it is there, null too.
    main: { dock: null },
    down: { size: 0, widgets: [] },
    left: { collapsed: false, visible: true, current: PANEL, widgets: ['filebrowser', PANEL] },
    right: { collapsed: true, visible: true, widgets: [] },
    relativeSizes: [0.28, 0.72, 0],
    top: { simpleVisibility: true }
  }
};

/**
 * Lays the first layout into a workspace folder of the playground; what a person makes of it later stays.
 * @param {string} data data directory
 * @returns {string} the folder, for JUPYTERLAB_WORKSPACES_DIR
 */
export function openPanel(data) {
  const folder = join(data, 'workspaces');
  const file = join(folder, DEFAULT_WORKSPACE);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify({ data: LAYOUT, metadata: { id: 'default' } }));
  }
  return folder;
}
