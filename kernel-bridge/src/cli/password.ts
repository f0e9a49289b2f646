import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ArgonError } from '@argon/wal-core';

/** A longer one is a file that was meant for something else. */
const PASSWORD_BYTES_MAX = 4_096;

/**
 * A password from a file, from what is piped in, or typed twice: never from the command line, which others can see.
 * @throws BAD_REQUEST
 */
export async function readPassword(file: string | undefined): Promise<string> {
  const isTyped = file === undefined && process.stdin.isTTY;
  const password = isTyped ? await typed() : firstLine(file);
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) {
    throw new ArgonError('BAD_REQUEST', `The password is longer than ${PASSWORD_BYTES_MAX} bytes.`);
  }
  return password;
}

/** The line break that editors and `echo` add is no part of it. */
function firstLine(file: string | undefined): string {
  try {
    return readFileSync(file ?? process.stdin.fd, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ArgonError('BAD_REQUEST', `The password cannot be read from ${file ?? 'standard input'}.`, {
      cause
    });
  }
}

async function typed(): Promise<string> {
  const first = await ask('Password: ');
  if (first !== (await ask('Again: '))) {
    throw new ArgonError('BAD_REQUEST', 'The two passwords differ.');
  }
  return first;
}

/** Asks on the terminal, which shows nothing of the answer. */
function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => {
      lines.close();
      reject(new ArgonError('CANCELLED', 'Nothing was changed.'));
    });
    lines.question('', answer => {
      lines.close();
      process.stderr.write('\n');
      resolve(answer);
    });
  });
}
