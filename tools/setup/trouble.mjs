/**
 * What can go wrong on somebody else's machine, each as one plain sentence that says
 * what is wrong and what to do.
 */

import { stopping } from './child.mjs';

/** A failure that a person can do something about: `message` is all they need to read. */
export class Trouble extends Error {
  /**
   * @param {string} sentence what is wrong and what to do
   * @param {{ log?: string }} [options] `log`: file with the whole output
   */
  constructor(sentence, options = {}) {
    super(sentence);
    this.name = 'Trouble';
    this.log = options.log;
  }
}

/** The disk is full, seen in the output of npm, uv, pip, tsc, Node or the kernel. */
export const DISK_FULL = /ENOSPC|No space left on device|os error 28\b|EDQUOT|Disk quota exceeded/i;

/** The network cannot be reached, seen in the output of npm, uv, pip, apt or Playwright. */
const NO_NETWORK = new RegExp(
  [
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'ENETUNREACH',
    'EHOSTUNREACH',
    'ERR_SOCKET_TIMEOUT',
    'ENOTCACHED',
    'network (?:connectivity|is unreachable|request failed)',
    'dns error',
    'Temporary failure (?:in name resolution|resolving)',
    'Failed to establish a new connection',
    'error sending request',
    'Could not resolve (?:host|proxy)',
    'Connection (?:refused|reset|timed out)',
    'tcp connect error',
    'client error \\(Connect\\)'
  ].join('|'),
  'i'
);

const NO_PERMISSION = /\bEACCES\b|\bEPERM\b|Permission denied|os error 13\b|\bEROFS\b|Read-only file system/i;

/** The sentence for a full disk. */
export function diskFull(doing, folder) {
  return `The disk is full: ${doing} stopped for want of space at ${folder}. Free some space (a first start takes about 3 GB) and try again; it goes on where it stopped.`;
}

/** The sentence for a machine without a network. */
export function noNetwork(doing) {
  return `The network cannot be reached: ${doing} needs it the first time. Connect (or set HTTPS_PROXY, if you sit behind a proxy) and try again; it goes on where it stopped.`;
}

/**
 * Reads the output of a command that failed.
 * @param {string} output what the command printed
 * @param {{ doing: string, folder: string, isLocal?: boolean }} what what it was doing, in which folder;
 *   `isLocal`: it uses no network, so words that look like one are something else
 * @returns {string | undefined} the sentence, when the cause is one we know
 */
export function explain(output, { doing, folder, isLocal = false }) {
  if (DISK_FULL.test(output)) {
    return diskFull(doing, folder);
  }
  if (!isLocal && NO_NETWORK.test(output)) {
    return noNetwork(doing);
  }
  if (NO_PERMISSION.test(output)) {
    return `Permission denied: ${doing} may not write where it has to (see the log for the path). Make ${folder} yours (\`chown -R "$USER" .\`) and try again.`;
  }
  return undefined;
}

/** The sentence for an error thrown by Node itself (a full disk, a folder that cannot be written), if we know it. */
export function explainError(error, what) {
  return typeof error?.code === 'string' ? explain(`${error.code} ${error.message}`, what) : undefined;
}

/** Prints a failure for a person; what is not a Trouble keeps its stack, because it is our fault. */
export function report(error, root) {
  if (stopping()) {
    return;
  }
  if (error instanceof Trouble) {
    console.error(error.message);
    if (error.log) {
      console.error(`The whole output is in ${error.log}`);
    }
    return;
  }
  const sentence = explainError(error, { doing: 'this step', folder: root });
  console.error(sentence ?? error?.stack ?? String(error));
}
