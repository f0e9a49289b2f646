import { type Engine, isArgonError } from '@argon/wal-core';
import type { Sessions } from './sessions';

/** States that sessions look at: they stay readable as long as somebody does. */
export function statesLookedAt(
  engine: Engine,
  sessions: Pick<Sessions, 'list'>
): { project: string; ref: string }[] {
  return sessions.list().flatMap(({ project, ref }) => {
    if (project === undefined || ref === undefined) {
      return [];
    }
    try {
      engine.resolve(project, ref);
      return [{ project, ref }];
    } catch (error) {
      if (isArgonError(error)) {
        return [];
      }
      throw error;
    }
  });
}
