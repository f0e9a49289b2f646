import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { defineConfig } from '@playwright/test';
import { makeGermanPack } from './languagePack';

const root = resolve(__dirname, '..', '..');
const { env } = process;

/** A port that is free now. The workers of Playwright inherit what the first process chose. */
function freePort(): string {
  const program =
    'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})';
  return execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim();
}

/** The browser that `npm test` found, else Debian's. */
function browser(): string | undefined {
  return [
    env['ARGON_BROWSER'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome'
  ].find(path => path !== undefined && existsSync(path));
}

if (env['ARGON_E2E_PORT'] === undefined) {
  env['ARGON_E2E_PORT'] = freePort();
  env['ARGON_E2E_TOKEN'] = randomBytes(16).toString('hex');
  // Short, because the path of a unix socket may not be long.
  env['ARGON_E2E_HOME'] = mkdtempSync(join(tmpdir(), 'argon-page-'));
  env['ARGON_E2E_ROOT'] = join(env['ARGON_E2E_HOME'], 'notebooks');
  mkdirSync(env['ARGON_E2E_ROOT']);
  makeGermanPack(join(env['ARGON_E2E_HOME'], 'packs'));
}
const home = env['ARGON_E2E_HOME'] ?? tmpdir();
const baseURL = `http://127.0.0.1:${env['ARGON_E2E_PORT']}`;

const executablePath = browser();
const bin = join(root, '.venv', 'bin');
const path = [env['ARGON_E2E_BIN'] ?? bin, env['PATH']].join(delimiter);

export default defineConfig({
  testDir: __dirname,
  // These are taken on request, not tested.
  testIgnore: env['ARGON_DOCS_IMAGES'] === undefined ? ['**/docs-images*.spec.ts'] : [],
  outputDir: join(root, 'test-results', 'browser'),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  reporter: 'list',
  use: {
    baseURL,
    // The first request of a page brings the token, and the server answers with its cookie.
    extraHTTPHeaders: { Authorization: `token ${env['ARGON_E2E_TOKEN']}` },
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    },
    trace: 'retain-on-failure'
  },
  webServer: {
    command: `jupyter lab --config=${JSON.stringify(join(__dirname, 'jupyter_server_config.py'))}`,
    url: `${baseURL}/api`,
    timeout: 120_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
    stdout: 'ignore',
    stderr: env['ARGON_E2E_VERBOSE'] === undefined ? 'ignore' : 'pipe',
    env: {
      PATH: path,
      PYTHONPATH: [join(home, 'packs'), env['PYTHONPATH']].filter(Boolean).join(delimiter),
      ARGON_DATA: join(home, 'data'),
      ARGON_RUNTIME_DIR: join(home, 'run'),
      JUPYTER_CONFIG_DIR: join(home, 'config'),
      JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
      IPYTHONDIR: join(home, 'ipython'),
      JUPYTERLAB_SETTINGS_DIR: join(home, 'settings')
    }
  }
});
