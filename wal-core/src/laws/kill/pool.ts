import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import type { KillAt } from './suicide';
import type { Line, Order } from './writer';

/** When to kill: so long after it has its order, a moment after so many acknowledgements, or at one call of its log. */
export type Moment =
  | { readonly afterMs: number }
  | { readonly acknowledgements: number; readonly waitMs: number }
  | { readonly killAt: KillAt };

/** Acknowledgements after which a process whose call never comes is killed all the same. */
const ACKNOWLEDGEMENTS_MAX = 400;

/** Writers that have started and wait for their order: the next one starts while the last one's work is looked at. */
export class WriterPool {
  private ready: ChildProcess;

  constructor(private readonly script: string) {
    this.ready = this.start();
  }

  private start(): ChildProcess {
    // The script lies in a directory of its own; its native packages do not.
    const paths = require.resolve.paths('lmdb') ?? [];
    const env = { ...process.env, NODE_PATH: paths.join(delimiter) };
    return spawn(process.execPath, [this.script], { stdio: ['pipe', 'pipe', 'pipe'], env });
  }

  /** Gives a writer its order, kills it -9, and answers what it said until then. */
  async writeAndKill(order: Omit<Order, 'killAt'>, moment: Moment): Promise<Line[]> {
    const child = this.ready;
    this.ready = this.start();
    const errors: string[] = [];
    child.stderr!.on('data', (text: Buffer) => errors.push(text.toString()));
    const ended = new Promise<NodeJS.Signals | null>(resolve =>
      child.once('exit', (_, signal) => resolve(signal))
    );
    const kill = () => child.kill('SIGKILL');
    const full: Order = 'killAt' in moment ? { ...order, killAt: moment.killAt } : order;
    child.stdin!.write(`${JSON.stringify(full)}\n`);
    let timer = 'afterMs' in moment ? setTimeout(kill, moment.afterMs) : undefined;
    let left = 'acknowledgements' in moment ? moment.acknowledgements : ACKNOWLEDGEMENTS_MAX;
    const lines: Line[] = [];
    for await (const text of createInterface({ input: child.stdout! })) {
      // A line that the kill cut off is none.
      if (!text.endsWith('}')) {
        continue;
      }
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if (line.say === 'ack' && --left === 0) {
        timer = setTimeout(kill, 'waitMs' in moment ? moment.waitMs : 0);
      }
    }
    const signal = await ended;
    clearTimeout(timer);
    expect({ signal, errors }).toEqual({ signal: 'SIGKILL', errors: [] });
    return lines;
  }

  /** Ends the writer that still waits. */
  close(): void {
    this.ready.kill('SIGKILL');
  }
}
