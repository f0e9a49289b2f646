/** The environment of the suites: this checkout's programs, nobody's own data or servers. */
import { playgroundEnvironment } from '../start/environment.mjs';

/** Names that would point a suite at a person's own Argon, MLflow or Jupyter. */
const PRIVATE = /^(ARGON_(?!BROWSER|TEST_MONGOD|NODE|PYTHON|UV)|MLFLOW_|_MLFLOW_|JUPYTER|JPY_|DVC_|WANDB_)/;

/** @returns {NodeJS.ProcessEnv} */
export function testEnvironment(base = process.env) {
  const env = playgroundEnvironment('.', base);
  for (const name of Object.keys(env)) {
    // Logs are plain text; some runners take any value of FORCE_COLOR for a yes.
    if (PRIVATE.test(name) || name === 'FORCE_COLOR') {
      delete env[name];
    }
  }
  return {
    ...env,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
    NO_COLOR: '1'
  };
}
