/** The two servers of the benchmark: the bridge as it is shipped, and a real mongod. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startMongod } from '../../tools/mongod.mjs';

const { MongoClient } = createRequire(import.meta.url)('mongodb');

const PROGRAM = resolve(import.meta.dirname, '..', '..', 'kernel-bridge', 'bin', 'argon.js');
const CONNECTIONS = 64;

/**
 * @typedef {object} Side
 * @property {'argon' | 'mongod'} name
 * @property {import('mongodb').Db} db
 * @property {() => Promise<void>} stop
 */

/** A database of a server, through the same driver with the same settings. */
async function connect(name, uri, stopServer) {
  // Every acknowledged write is on disk, on both sides.
  const client = new MongoClient(uri, {
    directConnection: true,
    maxPoolSize: CONNECTIONS,
    writeConcern: { w: 1, journal: true }
  });
  await client.connect();
  return {
    name,
    db: client.db('bench'),
    stop: async () => {
      await client.close();
      await stopServer();
    }
  };
}

/** Starts a bridge in a process of its own. @returns {Promise<Side>} */
export async function startBridge(directory, program = PROGRAM) {
  const args = [
    program,
    'serve',
    '--data',
    join(directory, 'argon'),
    '--port',
    '0',
    '--no-auth',
    '--log-level',
    'error'
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text),
    gone.then(([code]) => {
      throw new Error(`the bridge ended with code ${code}`);
    })
  ]);
  // With a port, `wire` is the TCP address, as mongod's.
  return connect('argon', JSON.parse(line).wire, async () => {
    child.kill('SIGTERM');
    await gone;
  });
}

/** Starts a real mongod as a replica set of one. @returns {Promise<Side>} */
export async function startReference() {
  const server = await startMongod({ replSet: true });
  return connect('mongod', server.uri, () => server.stop());
}
