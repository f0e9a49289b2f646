import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real tracking server on a temporary SQLite store. */
export interface TestServer {
  readonly uri: string;
  stop(): Promise<void>;
}

/** Starts `mlflow server` from the checkout's Python environment (`ARGON_TEST_MLFLOW` names another). */
export async function startMlflow(): Promise<TestServer> {
  const mlflow = process.env['ARGON_TEST_MLFLOW'] ?? join(__dirname, '../../../.venv/bin/mlflow');
  if (!existsSync(mlflow)) {
    throw new Error(`${mlflow} is not there: run \`npm start\` once, which makes the Python environment.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'argon-mlflow-'));
  const port = await freePort();
  const uri = `http://127.0.0.1:${port}`;
  const store = [
    '--backend-store-uri',
    `sqlite:///${folder}/runs.db`,
    '--default-artifact-root',
    `${folder}/files`
  ];
  const server = spawn(
    mlflow,
    ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...store],
    {
      // Its workers are in the same process group, and end with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, MLFLOW_TRACKING_URI: '' }
    }
  );
  let log = '';
  server.stderr.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-4_000)));
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 100_000;
  while (!(await answers(`${uri}/health`))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`mlflow server did not start:\n${log}`);
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  return { uri, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function end(server: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    const { pid } = server;
    if (server.exitCode !== null || pid === undefined) {
      return resolve();
    }
    const hard = setTimeout(() => signal(pid, 'SIGKILL'), 5_000);
    server.once('exit', () => {
      clearTimeout(hard);
      signal(pid, 'SIGKILL');
      resolve();
    });
    signal(pid, 'SIGTERM');
  });
}

/** Sends a signal to the whole group of a process that may be gone already. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // Nobody is left in the group.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
