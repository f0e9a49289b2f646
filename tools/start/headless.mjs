/** Runs a notebook without JupyterLab, in a real kernel on fresh data. */
import { ended, start, stopping } from '../setup/child.mjs';
import { VENV_PYTHON } from '../setup/checkout.mjs';
import { playgroundEnvironment } from './environment.mjs';

/**
 * @param {{ notebook: string, folder: string, keep?: () => void }} options `folder`: data directory;
 *   `keep`: keeps a temporary one after a failure
 * @returns {Promise<number>} 0 only if every step of the notebook held
 */
export async function runHeadless({ notebook, folder, keep }) {
  const child = start(VENV_PYTHON, ['-m', 'argon.headless', notebook], {
    env: playgroundEnvironment(folder),
    stdio: ['ignore', 'inherit', 'inherit']
  });
  const code = await ended(child);
  if (code !== 0 && keep && !stopping()) {
    keep();
    console.error(`\nThe data and the bridge's log are kept for a look: ${folder}`);
  }
  return code;
}
