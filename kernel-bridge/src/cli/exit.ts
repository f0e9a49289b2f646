import { isArgonError } from '@argon/wal-core';

/** Exit codes of the command line; part of its contract with scripts. */
export const EXIT = {
  OK: 0,
  /** The command failed; the message says why. */
  ERROR: 1,
  /** The command line is wrong. */
  USAGE: 2,
  /** Another process has the data directory. */
  LOCKED: 3,
  /** A plan has conflicts without an answer, or checks that have not passed; nothing was changed. */
  CONFLICTS: 4,
  /** What was named does not exist. */
  NOT_FOUND: 5
} as const;

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (!isArgonError(error)) {
    return EXIT.ERROR;
  }
  if (error.code === 'DIRECTORY_LOCKED') {
    return EXIT.LOCKED;
  }
  if (error.code === 'BAD_REQUEST') {
    return EXIT.USAGE;
  }
  if (error.code === 'PLAN_UNANSWERED' || error.code === 'CHECKS_MISSING') {
    return EXIT.CONFLICTS;
  }
  return error.code.endsWith('_NOT_FOUND') ? EXIT.NOT_FOUND : EXIT.ERROR;
}
