import { useEffect, useState } from 'react';
import type { ProjectModel } from '../model/project';

/** What waits while someone reads. */
export interface IHeld {
  /** Entries that start after this LSN wait. */
  readonly head: number;
  /** How many wait. */
  readonly waiting: number;
  /** Lets them in. */
  readonly release: () => void;
}

/** Entries that come while the list is scrolled, pointed at or focused are counted, not pushed in. */
export function useHeld(project: ProjectModel, isHeld: boolean): IHeld {
  const { head, entries } = project.history;
  const [from, setFrom] = useState<number>();
  useEffect(() => {
    setFrom(isHeld ? head : undefined);
    // On purpose without `head`: what is held is the head of the moment when the hand came down.
  }, [isHeld, project]);
  const waiting = from === undefined ? 0 : entries.filter(entry => entry.firstLsn > from).length;
  return { head: from ?? Number.POSITIVE_INFINITY, waiting, release: () => setFrom(head) };
}
