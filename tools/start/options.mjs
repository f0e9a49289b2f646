/** The command line of `npm start`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Trouble } from '../setup/trouble.mjs';

export const DEFAULT_PORT = 8888;

export const HELP = `Usage: npm start [-- OPTIONS]

Installs and builds what is missing, then opens JupyterLab on binder/quickstart.ipynb.
Without a terminal (a script, CI) it runs that notebook headless instead.

  --lab              open JupyterLab even without a terminal
  --headless         run the notebook in a real kernel and exit with its result
  --notebook FILE    another notebook than binder/quickstart.ipynb
  --port N           port of JupyterLab (default ${DEFAULT_PORT}; 0 takes a free one)
  --no-browser       do not open a browser
  --data DIR         data directory (default: .argon; headless: a fresh temporary one)
  --setup            only install and build
  --help             this text

Environment: ARGON_PYTHON names the Python to use, MLFLOW_TRACKING_URI an MLflow server
(default: a SQLite file in the data directory).`;

/**
 * @typedef {{ mode: 'lab' | 'headless' | 'setup' | 'help', notebook: string, port: number,
 *   browser: boolean, data: string | undefined, isGuess: boolean }} Options
 * `isGuess`: the mode was not asked for
 */

/**
 * @param {readonly string[]} args
 * @param {{ terminal: boolean }} where
 * @returns {Options}
 * @throws {Trouble} for an option that is unknown or makes no sense
 */
export function parseOptions(args, { terminal }) {
  let values;
  try {
    values = parseArgs({
      args: [...args],
      options: {
        lab: { type: 'boolean' },
        headless: { type: 'boolean' },
        setup: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        'no-browser': { type: 'boolean' },
        notebook: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' }
      }
    }).values;
  } catch (error) {
    throw new Trouble(
      `${error.message.split('. To specify')[0].replace(/\.$/, '')}. See \`npm start -- --help\`.`
    );
  }
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || values.port === '') {
    throw new Trouble(`--port takes a number from 0 to 65535, not "${values.port}".`);
  }
  const asked = ['help', 'setup', 'headless', 'lab'].filter(mode => values[mode]);
  if (asked.length > 1 && !values.help) {
    throw new Trouble(`--${asked[0]} and --${asked[1]} exclude each other.`);
  }
  return {
    mode: asked[0] ?? (terminal ? 'lab' : 'headless'),
    isGuess: asked.length === 0,
    notebook: values.notebook ?? 'binder/quickstart.ipynb',
    port,
    browser: values['no-browser'] !== true,
    // Relative to where the person stands: npm itself goes to the root of the checkout.
    data: values.data === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', values.data)
  };
}
