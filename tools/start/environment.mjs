/** The environment of everything that runs in the playground. */
import { pathToFileURL } from 'node:url';
import { delimiter, dirname, join, resolve } from 'node:path';
import { VENV, VENV_BIN } from '../setup/checkout.mjs';

/**
 * @param {string} data data directory: Argon's, and MLflow's store when no server is named
 * @param {NodeJS.ProcessEnv} [base]
 * @returns {NodeJS.ProcessEnv}
 */
export function playgroundEnvironment(data, base = process.env) {
  const { PYTHONHOME: _home, PYTHONPATH: _path, CONDA_PREFIX: _conda, ...env } = base;
  // Compiled once, an import of MLflow takes half the time; the environment is ours to write to.
  delete env.PYTHONDONTWRITEBYTECODE;
  // npm's own variables configure any npm that a person runs from a notebook: not ours to pass on.
  for (const name of Object.keys(env)) {
    if (/^npm_/i.test(name)) {
      delete env[name];
    }
  }
  const folder = resolve(data);
  if (!env.MLFLOW_TRACKING_URI) {
    env.MLFLOW_TRACKING_URI = `sqlite:///${join(folder, 'mlflow.db')}`;
    // Artifacts go beside it, not into whatever folder a kernel runs in.
    env._MLFLOW_SERVER_ARTIFACT_ROOT ||= pathToFileURL(join(folder, 'mlflow-artifacts')).href;
  }
  return {
    ...env,
    VIRTUAL_ENV: VENV,
    PATH: [VENV_BIN, dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter),
    ARGON_NODE: env.ARGON_NODE || process.execPath,
    ARGON_DATA: folder,
    MLFLOW_DISABLE_TELEMETRY: env.MLFLOW_DISABLE_TELEMETRY || 'true'
  };
}
