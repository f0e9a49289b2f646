/** Runs JupyterLab on a notebook until it is told to stop. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, start } from '../setup/child.mjs';
import { ROOT, VENV_BIN } from '../setup/checkout.mjs';
import { line } from '../setup/steps.mjs';
import { Trouble, explain } from '../setup/trouble.mjs';
import { playgroundEnvironment } from './environment.mjs';
import { requirePort } from './port.mjs';
import { openPanel } from './workspace.mjs';

/** A cold first start compiles Python and reads a gigabyte; more than this is a fault. */
const READY_TIMEOUT_MS = 120_000;

/** Whether JupyterLab answers. */
function answers(port) {
  return new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/api', timeout: 1_000 }, response => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on('timeout', function () {
        this.destroy();
      })
      .on('error', () => resolve(false));
  });
}

const canShowBrowser = env =>
  process.platform === 'darwin' ||
  process.platform === 'win32' ||
  Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);

/** The arguments of `jupyter lab`. */
function labArguments({ port, browser, notebook }, env) {
  const isRoot = process.getuid?.() === 0;
  return [
    `--ServerApp.root_dir=${ROOT}`,
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.port=${port}`,
    // The port was free a moment ago; should it be taken now, say so rather than take another.
    '--ServerApp.port_retries=0',
    '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
    '--LabApp.news_url=None',
    ...(isRoot ? ['--allow-root'] : []),
    ...(browser && canShowBrowser(env) ? [] : ['--no-browser']),
    join(ROOT, notebook)
  ];
}

/**
 * @param {import('./options.mjs').Options & { data: string }} options
 * @returns {Promise<number>} the exit code of JupyterLab
 */
export async function runLab(options) {
  const begun = Date.now();
  const port = await requirePort(options.port);
  const env = playgroundEnvironment(options.data);
  env.JUPYTER_TOKEN ||= randomBytes(24).toString('hex');
  env.JUPYTERLAB_WORKSPACES_DIR ||= openPanel(options.data);
  const log = join(options.data, 'jupyter.log');
  const out = openSync(log, 'w', 0o600);
  const progress = line('JupyterLab');
  const lab = start(join(VENV_BIN, 'jupyter-lab'), labArguments({ ...options, port }, env), {
    env,
    stdio: ['ignore', out, out]
  });
  closeSync(out);
  let code;
  const end = ended(lab).then(value => (code = value));
  while (code === undefined && !(await answers(port))) {
    if (Date.now() - begun > READY_TIMEOUT_MS) {
      progress.end('failed');
      throw new Trouble(`JupyterLab did not answer within ${READY_TIMEOUT_MS / 1000} s.`, { log });
    }
    await Promise.race([sleep(100), end]);
  }
  if (code !== undefined) {
    progress.end('failed');
    throw new Trouble(whyEnded(code, log, port), { log });
  }
  progress.end('answers');
  console.log(
    `\nOpen http://127.0.0.1:${port}/lab/tree/${encodeURI(options.notebook)}?token=${env.JUPYTER_TOKEN}`
  );
  console.log(`Ctrl-C stops it. Its log is in ${log}`);
  return end;
}

/** Why JupyterLab ended before it answered. */
function whyEnded(code, log, port) {
  const said = existsSync(log) ? readFileSync(log, 'utf8') : '';
  if (/port \d+ is already in use/i.test(said)) {
    return `Port ${port} is busy: another program has just taken it. Try again, or take another port: npm start -- --lab --port 0`;
  }
  return (
    explain(said, { doing: 'starting JupyterLab', folder: ROOT, isLocal: true }) ??
    `JupyterLab ended with code ${code} before it answered: ${said.trimEnd().split('\n').at(-1)}`
  );
}
