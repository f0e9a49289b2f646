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
  look(directory: string): Promise<Seen | 'died' | 'hung'> {
    const paths = require.resolve.paths('lmdb') ?? [];
    const child = (this.child ??= spawn(process.execPath, [this.script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NODE_PATH: paths.join(delimiter) }
    }));
    return new Promise(resolve => {
      let text = '';
      const end = (seen: Seen | 'died' | 'hung') => {
        clearTimeout(timer);
        child.stdout!.removeAllListeners('data');
        child.removeAllListeners('exit');
        if (typeof seen === 'string') {
          child.kill('SIGKILL');
          this.child = undefined;
        }
        resolve(seen);
      };
      const timer = setTimeout(() => end('hung'), HANG_MS);
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\n')) {
          end(JSON.parse(text) as Seen);
        }
      });
      child.once('exit', () => end('died'));
      child.stdin!.write(`${directory}\n`);
    });
  }

  close(): void {
    this.child?.removeAllListeners('exit');
    this.child?.kill('SIGKILL');
  }
}
