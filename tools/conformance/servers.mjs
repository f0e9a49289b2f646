/** The two servers: the bridge as it is shipped, in a process of its own, and a real mongod. */
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { startMongod } from '../mongod.mjs';
import { signalGroup, start } from '../setup/child.mjs';
import { bundleInto } from '../setup/products.mjs';

/** The version of mongod that the tests are compared with. */
export const MONGOD = '6.0.5';

/**
 * @typedef {object} Server
 * @property {number} port on 127.0.0.1
 * @property {() => boolean} isAlive
 * @property {() => Promise<void>} stop also removes what it wrote
 */

/**
 * Bundles the bridge from the sources as they are now, and starts it with an empty data directory.
 * @param {string} log file that gets what it logs
 * @returns {Promise<Server>}
 */
export async function startBridge(log) {
  const directory = mkdtempSync(join(tmpdir(), 'argon-conformance-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const program = join(directory, 'program');
  await bundleInto(program);
  const args = [join(program, 'main.js'), 'serve', '--data', join(directory, 'data'), '--port', '0'];
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, 'w');
  const child = start(process.execPath, [...args, '--no-auth', '--test-commands', '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', file]
  });
  closeSync(file);
  const gone = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text),
    gone.then(([code]) => {
      throw new Error(`the bridge ended with code ${code}: see ${log}`);
    })
  ]);
  return {
    port: Number(new URL(JSON.parse(line).wire).port),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      signalGroup(child, 'SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

/** Starts a real mongod as a replica set of one. @returns {Promise<Server>} */
export async function startReference() {
  const { port, pid, stop } = await startMongod({ replSet: true });
  const isAlive = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  return { port, isAlive, stop };
}
