import { buildSync } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import type { Seen } from './reader';

/** How long a damaged directory may keep a reader busy. */
const HANG_MS = 20_000;

/** Looks at data directories in a process of its own: damage in the state's map may end the process that reads it. */
export class Readers {
  private child: ChildProcess | undefined;
  private readonly script: string;

  constructor(folder: string) {
    this.script = join(folder, 'reader.js');
    buildSync({
      entryPoints: [join(__dirname, '../../../src/laws/flip/reader.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      external: ['lmdb', '@node-rs/crc32', 'fs-native-extensions'],
      outfile: this.script
    });
  }

  /** What there is to be seen; `'died'` when the reader's process ended, `'hung'` when it never answered. */
  async look(directory: string): Promise<Seen | 'died' | 'hung'> {
    const seen = await this.ask(directory);
    // What ended the process may have been left by the directory before: a process of its own tells.
    return seen === 'died' ? this.ask(directory) : seen;
  }

  private spawn(): ChildProcess {
    const paths = require.resolve.paths('lmdb') ?? [];
    const child = spawn(process.execPath, [this.script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NODE_PATH: paths.join(delimiter) }
    });
    child.stdin.on('error', () => undefined);
    child.once('exit', () => {
      if (this.child === child) {
        this.child = undefined;
      }
    });
    return child;
  }

  private ask(directory: string): Promise<Seen | 'died' | 'hung'> {
    const child = (this.child ??= this.spawn());
    return new Promise(resolve => {
      let text = '';
      const end = (seen: Seen | 'died' | 'hung') => {
        clearTimeout(timer);
        child.stdout!.removeAllListeners('data');
        child.removeListener('exit', onExit);
        if (typeof seen === 'string') {
          child.kill('SIGKILL');
          this.child = undefined;
        }
        resolve(seen);
      };
      const onExit = () => end('died');
      const timer = setTimeout(() => end('hung'), HANG_MS);
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\n')) {
          end(JSON.parse(text) as Seen);
        }
      });
      child.once('exit', onExit);
      child.stdin!.write(`${directory}\n`);
    });
  }

  close(): void {
    this.child?.removeAllListeners('exit');
    this.child?.kill('SIGKILL');
  }
}
