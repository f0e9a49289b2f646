import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Db } from 'mongodb';

const ROOT = join(__dirname, '../../..');

/** The program as one file, made from the sources as they are now. */
export interface Program {
  readonly folder: string;
  /** Runs a command to its end. */
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** Starts `argon serve` and waits until it is ready. */
  serve(args: readonly string[], env?: Record<string, string>): Promise<Served>;
  /**
   * Runs `body` on a MongoDB database in a Node process of its own, and answers what it returns. Inside
   * jest's sandbox the driver sends no `appName`: BSON does not recognise the sandbox's own `Map`.
   */
  drive(uri: string, appName: string, body: (database: Db) => Promise<unknown>): Promise<unknown>;
  remove(): void;
}

/** A command that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `serve` prints when it is ready. */
export interface ReadyLine {
  readonly ready: true;
  readonly wire: string;
  readonly rpc: string;
  readonly pid: number;
  readonly data: string;
  readonly sockets: { readonly rpc: string; readonly wire: string };
}

/** A bridge in a process of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly ready: ReadyLine;
  readonly readyMs: number;
  readonly ended: Promise<Ended>;
}

export async function buildProgram(): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'argon-cli-'));
  const main = join(folder, 'main.js');
  await build({
    entryPoints: [join(ROOT, 'kernel-bridge/src/main.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    keepNames: true,
    // Packages stay where they are installed; those of the workspace are taken from their sources.
    external: [
      'lmdb',
      'fs-native-extensions',
      '@node-rs/*',
      'ws',
      'ajv',
      'bson',
      'commander',
      'mongodb',
      'lru-cache'
    ],
    alias: {
      '@argon/wal-core': join(ROOT, 'wal-core/src/index.ts'),
      'mlflow-ts-client': join(ROOT, 'kernel-bridge/mlflow-ts-client/src/index.ts')
    }
  });
  const running = new Set<ChildProcess>();
  const start = (args: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, args, {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        TMPDIR: tmpdir(),
        ARGON_RUNTIME_DIR: join(folder, 'run'),
        NODE_PATH: ['kernel-bridge/node_modules', 'wal-core/node_modules', 'node_modules']
          .map(at => join(ROOT, at))
          .join(':'),
        ...env
      }
    });
    running.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
    const ended = new Promise<Ended>(resolve =>
      child.on('close', (code, signal) => {
        running.delete(child);
        resolve({ code, signal, ...output });
      })
    );
    return { child, output, ended };
  };
  return {
    folder,
    run(args, env) {
      const { child, ended } = start([main, ...args], env);
      child.stdin.end();
      return ended;
    },
    async serve(args, env) {
      const startedAt = performance.now();
      const { child, output, ended } = start([main, 'serve', ...args], env);
      const ready = await new Promise<ReadyLine>((resolve, reject) => {
        child.stdout.on('data', () => {
          const [line, rest] = output.stdout.split('\n', 2);
          if (rest !== undefined) {
            resolve(JSON.parse(line ?? '') as ReadyLine);
          }
        });
        void ended.then(({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
      });
      return { child, ready, readyMs: performance.now() - startedAt, ended };
    },
    async drive(uri, appName, body) {
      const script = `
        const { MongoClient } = require('mongodb');
        (async () => {
          const client = new MongoClient(process.argv[1], { appName: process.argv[2], serverSelectionTimeoutMS: 5000 });
          const result = await (${body.toString()})(client.db('shop'));
          await client.close();
          console.log(JSON.stringify(result ?? null));
        })().catch(error => { console.error(error); process.exit(1); });`;
      const { child, ended } = start(['-e', script, uri, appName]);
      child.stdin.end();
      const { code, stdout, stderr } = await ended;
      if (code !== 0) {
        throw new Error(`the driver failed: ${stderr}`);
      }
      return JSON.parse(stdout) as unknown;
    },
    remove() {
      running.forEach(child => child.kill('SIGKILL'));
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
