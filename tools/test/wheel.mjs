/** Builds the wheel, installs it into a fresh environment and looks at it as pip's users meet it. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, VENV_PYTHON, at } from '../setup/checkout.mjs';
import { run } from '../setup/child.mjs';
import { findPython } from '../setup/python.mjs';
import { ensureUv } from '../setup/uv.mjs';
import { appendLog } from './log.mjs';
import { broken, result } from './result.mjs';

/** Starts the bridge that the wheel carries, and writes and reads a document through pymongo. */
const SERVE = `
import json, os, pathlib, shutil, subprocess, sys, tempfile
import argon, pymongo
bundle = pathlib.Path(argon.__file__).parent / "bridge" / "main.js"
node = os.environ.get("ARGON_NODE") or shutil.which("node")
with tempfile.TemporaryDirectory() as data:
    bridge = subprocess.Popen([node, str(bundle), "serve", "--data", data, "--port", "0", "--no-auth"],
                              stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    try:
        ready = json.loads(bridge.stdout.readline())
        assert ready["ready"] is True, ready
        client = pymongo.MongoClient(ready["wire"], serverSelectionTimeoutMS=20000)
        client["shop"]["items"].insert_one({"_id": 1, "name": "pen"})
        assert client["shop"]["items"].find_one() == {"_id": 1, "name": "pen"}
        client.close()
    finally:
        bridge.terminate()
        code = bridge.wait(20)
assert code in (0, -15, 143), code
print("wrote and read through", bundle)
`;

const ENTRY_POINT = `
from importlib.metadata import entry_points
[found] = [e for e in entry_points(group="mlflow.run_context_provider") if e.name == "argon"]
print(found.load())
`;

/** What a person would check, each with what must be seen. */
const checks = ({ python, bin, version }) => [
  [
    'import argon',
    [python, ['-c', 'import argon; print(argon.__version__)']],
    new RegExp(`^${version.replaceAll('.', '\\.')}`, 'm')
  ],
  [
    'the labextension is listed and enabled',
    [join(bin, 'jupyter'), ['labextension', 'list']],
    /jupyterlab-argon v\S+ .*enabled.*OK/
  ],
  [
    'the server extension is enabled and valid',
    [join(bin, 'jupyter'), ['server', 'extension', 'list']],
    /argon\s.*enabled[\s\S]*argon\s+\S+.*OK/
  ],
  ['MLflow finds the run context', [python, ['-c', ENTRY_POINT]], /ArgonRunContext/],
  ['the bundled bridge serves pymongo', [python, ['-c', SERVE]], /wrote and read through/]
];

/** @param {import('./suites.mjs').Context} context */
export async function checkWheel({ log, env, timeoutMs }) {
  const folder = mkdtempSync(join(tmpdir(), 'argon-wheel-'));
  const step = async (command, args) => {
    const { VIRTUAL_ENV: _venv, ...clean } = env;
    const { code, output } = await run(command, args, { env: clean, timeoutMs, cwd: folder });
    appendLog(log, `$ ${command} ${args.map(text => text.split('\n').join(' ')).join(' ')}\n${output}\n`);
    return { code, output };
  };
  try {
    const uv = await ensureUv(findPython());
    const built = await step(uv, [
      'build',
      '--wheel',
      '--no-build-isolation',
      '--python',
      VENV_PYTHON,
      '--out-dir',
      folder,
      ROOT
    ]);
    const wheel = readdirSync(folder).find(name => name.endsWith('.whl'));
    if (built.code !== 0 || wheel === undefined) {
      return broken('the wheel does not build');
    }
    const venv = join(folder, 'venv');
    const bin = join(venv, 'bin');
    const python = join(bin, 'python');
    await step(uv, ['venv', '--quiet', '--python', VENV_PYTHON, venv]);
    const installed = await step(uv, [
      'pip',
      'install',
      '--quiet',
      '--python',
      python,
      '--constraint',
      at('requirements.lock'),
      join(folder, wheel),
      'jupyterlab',
      'mlflow'
    ]);
    if (installed.code !== 0) {
      return broken('the wheel does not install');
    }
    const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
    const failures = [];
    const all = checks({ python, bin, version });
    for (const [name, [command, args], expected] of all) {
      const { code, output } = await step(command, args);
      // Jupyter colours what it lists.
      const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, '');
      if (code !== 0 || !expected.test(plain)) {
        failures.push(name);
      }
    }
    return result(all.length + 1 - failures.length, failures.length, 0, failures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
