import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** A real MongoDB server that runs until `stop`. */
export interface RunningMongod {
  readonly uri: string;
  stop(): Promise<void>;
}

/** Starts a real mongod 6.0.5 as a replica set of one (tools/mongod.mjs), fetching it if it is not there yet. */
export async function startMongod(): Promise<RunningMongod> {
  const tool = resolve(__dirname, '..', '..', 'tools', 'mongod.mjs');
  const child = spawn(process.execPath, [tool, '--serve', '--replset'], {
    stdio: ['pipe', 'pipe', 'inherit']
  });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(child, 'exit').then(([code]) => {
      throw new Error(`mongod did not start (exit code ${String(code)})`);
    })
  ]);
  const { uri } = JSON.parse(first) as { uri: string };
  return {
    uri,
    stop: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    }
  };
}
