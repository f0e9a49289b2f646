/**
 * Children that never outlive us. Each gets a process group of its own and a mark in its
 * environment, which its own children inherit; `stopAll` ends the groups, and then whatever
 * still carries the mark (kernels and bridges leave the group on purpose).
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './checkout.mjs';

const MARK = 'ARGON_STARTED_BY';
const mark = randomUUID();
// Whoever is started from here inherits it, by `start` or not; marks of those who started us stay.
process.env[MARK] = [process.env[MARK], mark].filter(Boolean).join(',');
const OUTPUT_KEPT_CHARS = 200_000;
/** How long a child may take to end by itself before it is killed. */
const GRACE_MS = 10_000;

/** Children that run, with the time they have to end. @type {Map<import('node:child_process').ChildProcess, number>} */
const alive = new Map();

// Whatever ends us, a fault of ours included: nothing that we started goes on alone.
process.on('exit', () => {
  for (const child of alive.keys()) {
    signalGroup(child, 'SIGKILL');
  }
});

/** Starts a child in a process group of its own. `graceMs`: how long it may take to end when it is told to. */
export function start(command, args, { graceMs = GRACE_MS, ...options } = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    ...options,
    env: { ...(options.env ?? process.env), [MARK]: process.env[MARK] },
    detached: process.platform !== 'win32'
  });
  alive.set(child, graceMs);
  child.once('error', () => alive.delete(child));
  child.once('exit', () => alive.delete(child));
  return child;
}

/** Resolves with the exit code of a child (128 + n after a signal); rejects when it could not be started. */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log?: string, timeoutMs?: number, graceMs?: number, stopOn?: RegExp }} [options]
 *   `log`: file that gets the whole output; `stopOn`: words after which going on makes no sense
 * @returns {Promise<{ code: number, output: string }>} output: the end of stdout and stderr together
 */
export async function run(command, args, options = {}) {
  const { log, timeoutMs, stopOn, ...rest } = options;
  const child = start(command, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let isHopeless = false;
  let file;
  if (log) {
    mkdirSync(dirname(log), { recursive: true });
    file = createWriteStream(log);
    // A full disk must not hide what the command itself says.
    file.on('error', () => (file = undefined));
  }
  const take = chunk => {
    output = (output + chunk).slice(-OUTPUT_KEPT_CHARS);
    file?.write(chunk);
    if (stopOn?.test(chunk) && !isHopeless) {
      isHopeless = true;
      signalGroup(child, 'SIGKILL');
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          take(`\nStopped after ${Math.round(timeoutMs / 1000)} s: it took too long.\n`);
          signalGroup(child, 'SIGTERM');
          setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS).unref();
        }, timeoutMs);
  try {
    const code = await ended(child);
    return { code: isHopeless ? code || 1 : code, output };
  } catch (error) {
    return { code: 127, output: `${output}${command}: ${error.code ?? ''} ${error.message}` };
  } finally {
    clearTimeout(timer);
    file?.end();
  }
}

/** Sends a signal to the whole group of a child. */
export function signalGroup(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  try {
    if (process.platform === 'win32') {
      child.kill(signal);
    } else {
      process.kill(-child.pid, signal);
    }
  } catch {
    // It ended in between.
  }
}

/** Process ids that carry our mark, whatever group they are in. Only Linux tells. */
function marked() {
  if (process.platform !== 'linux') {
    return [];
  }
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) {
      continue;
    }
    try {
      if (readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)) {
        found.push(Number(name));
      }
    } catch {
      // Not ours to read, or gone.
    }
  }
  return found;
}

/** Ends every child and whatever they started: politely, then for good. */
export async function stopAll(signal = 'SIGTERM') {
  const told = Date.now();
  for (const child of alive.keys()) {
    signalGroup(child, signal);
  }
  const isLate = graceMs => Date.now() - told > graceMs;
  while (![...alive.values()].every(isLate)) {
    await sleep(50);
    for (const [child, graceMs] of alive) {
      if (isLate(graceMs)) {
        signalGroup(child, 'SIGKILL');
      }
    }
  }
  // A kernel or a bridge notices within a second or two that its parent is gone.
  const patience = Date.now() + 2_000;
  while (marked().length > 0 && Date.now() < patience) {
    await sleep(100);
  }
  for (const pid of marked()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone.
    }
  }
}

let isStopping = false;

/** Whether we were told to stop: what fails from then on is no news. */
export const stopping = () => isStopping;

/**
 * Ends everything when we are told to stop, then exits as a shell would say it.
 * Under npm, also when npm itself is gone: a kill -9 of it must not leave a server behind.
 */
export function stopWithUs({ signal = 'SIGTERM', onStop = () => {} } = {}) {
  const stop = code => {
    if (!isStopping) {
      isStopping = true;
      onStop();
      void stopAll(signal).then(() => process.exit(code));
    }
  };
  process.on('SIGINT', () => stop(130));
  process.on('SIGTERM', () => stop(143));
  process.on('SIGHUP', () => stop(129));
  // A terminal or a pipe that has gone takes no last words; that must not keep us from ending the rest.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event && process.platform !== 'win32') {
    setInterval(() => process.ppid !== parent && stop(143), 1_000).unref();
  }
}

/** Ends whatever is left and exits; when we were told to stop meanwhile, that has the last word. */
export async function finish(code) {
  if (!isStopping) {
    await stopAll();
    process.exit(code);
  }
}
