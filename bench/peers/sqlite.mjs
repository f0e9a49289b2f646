/** SQLite with a history table, in a Python process of its own; see sqlite_history.py. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VENV_PYTHON } from '../../tools/setup/checkout.mjs';

const PROGRAM = join(import.meta.dirname, 'sqlite_history.py');

/** @implements {import('./peer.mjs').Peer} */
export class SqlitePeer {
  name = 'SQLite + history table';

  static async open(directory) {
    const child = spawn(VENV_PYTHON, [PROGRAM, join(directory, 'history.db')], {
      stdio: ['pipe', 'pipe', 'inherit']
    });
    return new SqlitePeer(child);
  }

  constructor(child) {
    this.child = child;
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(job) {
    this.child.stdin.write(`${JSON.stringify(job)}\n`);
    const { value, done } = await this.answers.next();
    if (done) {
      throw new Error('the SQLite process ended');
    }
    return JSON.parse(value);
  }

  async load(count) {
    this.fork = (await this.ask({ do: 'load', count })).lsn;
  }

  async branch(name) {
    const { ms, lsn } = await this.ask({ do: 'branch', name });
    this.fork = lsn;
    return ms;
  }

  async update(name, ids, value) {
    return (await this.ask({ do: 'update', branch: name, ids, value })).ms;
  }

  async diff(name) {
    return this.ask({ do: 'diff', branch: name, fork: this.fork });
  }

  async merge(name) {
    return this.ask({ do: 'merge', branch: name, fork: this.fork });
  }

  async readsBefore(ids) {
    return this.ask({ do: 'reads', branch: 'main', lsn: this.fork, ids });
  }

  async scanBefore() {
    return this.ask({ do: 'scan', branch: 'main', lsn: this.fork });
  }

  async bytes() {
    return (await this.ask({ do: 'bytes' })).found;
  }

  async close() {
    this.child.stdin.end();
    await once(this.child, 'exit');
  }
}
