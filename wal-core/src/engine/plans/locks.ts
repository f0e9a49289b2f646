import { LRUCache } from 'lru-cache';
import type { Project } from '../../branch/model';
import { Mutex } from '../mutex';

/** Plans whose locks are remembered: more than are worked on at a time. */
const LOCKS_MAX = 1_000;

/** Answers, checks and applications of one plan come one after another. */
export class PlanLocks {
  private readonly locks = new LRUCache<string, Mutex>({ max: LOCKS_MAX });

  of(project: Project, id: string): Mutex {
    const name = `${project.id} ${id}`;
    const lock = this.locks.get(name) ?? new Mutex();
    this.locks.set(name, lock);
    return lock;
  }
}
