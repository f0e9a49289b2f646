import type { Change, FeedBatch, FeedOptions, Lsn } from '../api';
import type { Branch, ChainLink, Project, Timeline } from '../branch/model';
import { ArgonError } from '../errors';
import { FEED_BATCH_MAX } from '../limits';
import { checkFigures } from '../log/bounds';
import type { LineReader } from '../read/line';
import { Pace, throwIfAborted } from '../log/pace';
import type { CommitTimes } from '../read/time';
import type { ChangeReader } from './changes';

const BATCH_DEFAULT = 512;

export interface FeedParts {
  readonly line: LineReader;
  readonly times: CommitTimes;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  /** Calls back after each durable change of anything. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly isGone: (project: Project) => boolean;
}

/** A run of LSNs of one timeline. */
interface Stretch {
  readonly timeline: Timeline;
  /** Exclusive. */
  readonly after: Lsn;
  readonly upTo: Lsn;
}

/** The newest LSN up to which every change of a project can be read. */
function completeHead({ durableHead, streamed }: Project): Lsn {
  return Math.min(durableHead, ...[...streamed.values()].map(first => first - 1)) as Lsn;
}

/** Changes in LSN order, from any LSN on: what is there, then what comes. It reads ahead by one batch and no more. */
export class Feed {
  constructor(
    private readonly parts: FeedParts,
    private readonly changes: ChangeReader
  ) {}

  /** @throws BAD_REQUEST, LSN_IN_FUTURE, CANCELLED */
  async *read(project: Project, branch: Branch | undefined, options: FeedOptions): AsyncGenerator<FeedBatch> {
    const { after, live = true, batch: size = BATCH_DEFAULT, signal } = options;
    if (!Number.isInteger(size) || size < 1 || size > FEED_BATCH_MAX) {
      throw new ArgonError(
        'BAD_REQUEST',
        `A batch of a feed has 1 to ${FEED_BATCH_MAX} changes, not ${size}.`,
        {
          data: { limit: FEED_BATCH_MAX, value: size }
        }
      );
    }
    checkFigures({ after: after ?? NaN });
    if (after > project.durableHead) {
      throw new ArgonError(
        'LSN_IN_FUTURE',
        `LSN ${after} has not been written yet; the newest of project ${project.name} is ${project.durableHead}.`,
        { data: { lsn: after, head: project.durableHead } }
      );
    }
    const bell = new Bell(this.parts.subscribe, signal);
    let position = after;
    try {
      for (;;) {
        throwIfAborted(signal);
        const rung = bell.next();
        const isOver = this.parts.isGone(project) || (branch !== undefined && !isThere(project, branch));
        const head = completeHead(project);
        if (head > position && !this.parts.isGone(project)) {
          await this.parts.caughtUp();
          yield* this.stretch(project, branch, { after: position, upTo: head }, size, options);
          position = head;
        } else if (!live || isOver) {
          return;
        } else {
          await rung;
        }
      }
    } finally {
      bell.close();
    }
  }

  /** The batches of `(after, upTo]`; the last one says that all of it was told, though it may have no change. */
  private async *stretch(
    project: Project,
    branch: Branch | undefined,
    { after, upTo }: { after: Lsn; upTo: Lsn },
    size: number,
    { collection, images = true, signal }: FeedOptions
  ): AsyncGenerator<FeedBatch> {
    let batch: Change[] = [];
    let told = after;
    const pace = new Pace(signal);
    const stretches =
      branch === undefined
        ? this.ofProject(project, after, upTo)
        : ofChain(branch.timeline.chain(upTo), after, upTo);
    for (const stretch of stretches) {
      for (const change of this.changes.between(stretch.timeline, stretch, images)) {
        if (collection === undefined || change.collection === collection) {
          batch.push(change);
        }
        if (batch.length >= size) {
          yield { changes: batch, upTo: change.lsn };
          told = change.lsn;
          batch = [];
          throwIfAborted(signal);
        } else if (pace.isDue) {
          await pace.rest();
        }
      }
    }
    if (told < upTo) {
      yield { changes: batch, upTo };
    }
  }

  private *ofProject(project: Project, after: Lsn, upTo: Lsn): Generator<Stretch> {
    for (const commit of this.parts.times.forwards(project, after)) {
      if (commit.firstLsn > upTo) {
        return;
      }
      const timeline = project.timelines.get(commit.timeline);
      if (timeline !== undefined) {
        yield {
          timeline,
          after: Math.max(after, commit.firstLsn - 1) as Lsn,
          upTo: Math.min(upTo, commit.lastLsn) as Lsn
        };
      }
    }
  }
}

function* ofChain(chain: readonly ChainLink[], after: Lsn, upTo: Lsn): Generator<Stretch> {
  for (const { timeline, cap } of [...chain].reverse()) {
    const from = Math.max(after, timeline.forkLsn) as Lsn;
    const to = Math.min(cap, upTo) as Lsn;
    if (from < to) {
      yield { timeline, after: from, upTo: to };
    }
  }
}

function isThere(project: Project, { name, timeline }: Branch): boolean {
  return project.branches.get(name)?.timeline === timeline;
}

/** Rings when something was committed, or the reader wants no more. */
class Bell {
  private ring: () => void = () => undefined;
  private readonly stop: () => void;

  constructor(
    subscribe: FeedParts['subscribe'],
    private readonly signal: AbortSignal | undefined
  ) {
    const unsubscribe = subscribe(() => this.ring());
    const onAbort = () => this.ring();
    signal?.addEventListener('abort', onAbort);
    this.stop = () => {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  /** Resolves at the next ring from now on. */
  next(): Promise<void> {
    return new Promise(resolve => {
      this.ring = resolve;
      if (this.signal?.aborted === true) {
        resolve();
      }
    });
  }

  close(): void {
    this.stop();
  }
}
