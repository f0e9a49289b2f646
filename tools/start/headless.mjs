/** Runs a notebook without JupyterLab, in a real kernel on fresh data. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, start, stopping } from '../setup/child.mjs';
import { VENV_PYTHON } from '../setup/checkout.mjs';
import { playgroundEnvironment } from './environment.mjs';

/**
 * @param {{ notebook: string, data?: string }} options `data`: kept; without it a temporary directory is used
 * @returns {Promise<number>} 0 only if every step of the notebook held
 */
export async function runHeadless({ notebook, data }) {
  const folder = data ?? mkdtempSync(join(tmpdir(), 'argon-'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const clean = () => data === undefined && rmSync(folder, { recursive: true, force: true });
  // Also when Ctrl-C ends us.
  process.once('exit', clean);
  const child = start(VENV_PYTHON, ['-m', 'argon.headless', notebook], {
    env: playgroundEnvironment(folder),
    stdio: ['ignore', 'inherit', 'inherit']
  });
  const code = await ended(child);
  if (code !== 0 && data === undefined && !stopping()) {
    process.removeListener('exit', clean);
    console.error(`\nThe data and the bridge's log are kept for a look: ${folder}`);
  }
  return code;
}
