import type { Commit, Origin, WriteOptions, Writer } from '../api';
import { TimelineSeen } from '../branch/seenhead';
import { ROW_KEY_BYTES_MAX } from '../limits';
import { checkBytes } from '../log/bounds';
import type { Core } from './core';
import { checkKind, checkTxn } from './given';
import { runChange } from './guardedwriter';
import { assertWritable } from './writers';

/**
 * Runs `change` against the newest state and logs what it staged. Whatever is answered, a refusal too, follows only from
 * what is on disk by then.
 */
export async function write<T>(
  core: Core,
  projectName: string,
  branchName: string,
  origin: Origin,
  change: (writer: Writer) => T,
  options: WriteOptions = {}
): Promise<{ result: T; commit: Commit | undefined }> {
  const { retry, isChecked, seen } = options;
  checkKind(options.kind);
  checkTxn(options.txn);
  if (retry !== undefined) {
    checkBytes('The key of a retryable write', retry.key, ROW_KEY_BYTES_MAX);
  }
  const { project, branch } = await core.writers.branch(projectName, branchName);
  assertWritable(branch);
  const stage = core.stage(project, branch);
  const { head } = branch.timeline;
  const newest = seen instanceof TimelineSeen && seen.isHeadOf(branch.timeline) ? seen : undefined;
  let result: T;
  try {
    result = runChange(stage, stage, change, { isChecked, isNewest: newest !== undefined });
  } catch (error) {
    // A refusal (the key is taken, the document is not there) may follow from a write that is not on disk yet either.
    await core.durable(branch.timeline, head);
    throw error;
  }
  if (stage.staged === 0 && retry === undefined) {
    // That there was nothing to do may follow from a write that is not on disk yet.
    await core.durable(branch.timeline, head);
    return { result, commit: undefined };
  }
  const committed = core.commit(
    [{ project, stage }],
    origin,
    retry === undefined
      ? options
      : { ...options, control: ([made]) => core.retries.rows(retry.key, retry.reply(made)) }
  );
  newest?.hasWritten();
  const {
    commits: [commit]
  } = await committed;
  return { result, commit };
}
