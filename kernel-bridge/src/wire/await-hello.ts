import { T, field } from '@argon/wal-core';
import { numberOf } from './arguments';

/** Longest a monitor may wait for news that never come. */
const AWAIT_MS_MAX = 60_000;

/**
 * How long a `hello` waits for a change of the topology: monitors say which one they know. There is none until the
 * bridge ends. Undefined: it does not wait, because it knows another server's or none.
 */
export function awaitedMs(hello: Buffer, processId: Buffer): number | undefined {
  const version = field(hello, 'topologyVersion');
  const wait = field(hello, 'maxAwaitTimeMS');
  const id = version?.type === T.OBJECT ? field(version.bytes, 'processId') : undefined;
  const ms = wait === undefined ? undefined : numberOf(wait);
  if (id?.type !== T.OBJECT_ID || !id.bytes.equals(processId) || ms === undefined || !(ms > 0)) {
    return undefined;
  }
  return Math.min(ms, AWAIT_MS_MAX);
}
