/** Finds a Python that can carry the environment. */
import { spawnSync } from 'node:child_process';
import { Trouble } from './trouble.mjs';

/** The oldest Python that Argon runs on. */
export const OLDEST_PYTHON = [3, 10];

/** Asked of every candidate: its version, where it is, and whether it can make environments. */
const QUESTION = `
import json, sys
try:
    import venv, ensurepip
    missing = ""
except ImportError as error:
    missing = getattr(error, "name", "") or "venv"
print(json.dumps({"version": list(sys.version_info[:3]), "path": sys.executable, "missing": missing}))
`;

/**
 * @typedef {{ version: [number, number, number], path: string, missing: string }} Python
 * `missing`: the module it lacks for making environments, or ''
 */

/** What a command says about itself, or undefined when it is no Python. @returns {Python | undefined} */
export function inspect(command) {
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...env } = process.env;
  const ask = (...args) => spawnSync(command, args, { encoding: 'utf8', timeout: 30_000, env });
  const answer = ask('-c', QUESTION);
  try {
    return JSON.parse(answer.stdout.trim().split('\n').at(-1));
  } catch {
    // Too old to understand the question, or broken; what it calls itself is enough to say so.
    const { stdout, stderr } = ask('--version');
    const version = /^Python (\d+)\.(\d+)\.(\d+)/m.exec(`${stdout}${stderr}`);
    return version === null
      ? undefined
      : { version: version.slice(1).map(Number), path: command, missing: 'venv' };
  }
}

/** The sentence that says why this Python will not do, or undefined when it will. */
export function pythonTrouble(python) {
  const wanted = OLDEST_PYTHON.join('.');
  if (python === undefined) {
    return `Argon needs Python ${wanted} or newer, and there is none on the PATH. Install it (https://www.python.org/downloads, or \`apt install python3 python3-venv\`), or name one in ARGON_PYTHON, and try again.`;
  }
  const [major, minor] = python.version;
  const [oldMajor, oldMinor] = OLDEST_PYTHON;
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    return `Argon needs Python ${wanted} or newer, and ${python.path} is Python ${python.version.join('.')}. Install a newer one, or name one in ARGON_PYTHON, and try again.`;
  }
  if (python.missing) {
    return `The Python at ${python.path} has no working \`venv\` module (\`${python.missing}\` is missing). Install it (on Debian and Ubuntu: \`apt install python3-venv\`), or name another Python in ARGON_PYTHON, and try again.`;
  }
  return undefined;
}

/** The names that are tried, in this order. */
export function candidates(env = process.env) {
  if (env.ARGON_PYTHON) {
    return [env.ARGON_PYTHON];
  }
  const versioned = [13, 12, 11, 10].map(minor => `python3.${minor}`);
  return process.platform === 'win32' ? ['python', 'python3', 'py'] : ['python3', 'python', ...versioned];
}

/**
 * The Python to use: the first one there is. Should that one not do, another is named but not taken
 * behind a person's back.
 * @returns {Python}
 * @throws {Trouble} with what is wrong with it
 */
export function findPython(names = candidates(), look = inspect) {
  const seen = names.values();
  for (const name of seen) {
    const python = look(name);
    if (python === undefined) {
      continue;
    }
    const trouble = pythonTrouble(python);
    if (trouble === undefined) {
      return python;
    }
    const other = [...seen].find(each => {
      const found = look(each);
      return found !== undefined && pythonTrouble(found) === undefined;
    });
    throw new Trouble(
      other ? `${trouble} (\`${other}\` would do: ARGON_PYTHON=${other} npm start)` : trouble
    );
  }
  throw new Trouble(pythonTrouble(undefined));
}
