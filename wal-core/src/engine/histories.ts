import type {
  Blame,
  Change,
  CollectionInfo,
  DocKey,
  FeedBatch,
  FeedOptions,
  LogEntry,
  Lsn,
  Snapshot,
  TimelineId
} from '../api';
import { ArgonError } from '../errors';
import { BlameReader } from '../history/blame';
import { ChangeReader } from '../history/changes';
import { Feed } from '../history/feed';
import { checkFigures } from '../log/bounds';
import type { Core } from './core';
import { checkPage } from './given';

/** What has happened: read from the state once that has all that is durable, so nothing acknowledged is missing. */
export class HistoryOffice {
  private readonly changeReader: ChangeReader;
  private readonly blameReader: BlameReader;
  private readonly changeFeed: Feed;

  constructor(private readonly core: Core) {
    this.blameReader = new BlameReader(core);
    this.changeReader = new ChangeReader(core);
    const { line, times } = core;
    this.changeFeed = new Feed(
      {
        line,
        times,
        caughtUp: () => core.caughtUp(),
        subscribe: listener => core.subscribe(listener),
        isGone: project => core.registry.find(project.name) !== project
      },
      this.changeReader
    );
  }

  async log(
    projectName: string,
    options: { ref?: string; before?: Lsn; after?: Lsn; limit?: number } = {}
  ): Promise<{ entries: readonly LogEntry[]; next?: Lsn }> {
    checkPage(options);
    const view = options.ref === undefined ? undefined : this.core.resolve(projectName, options.ref);
    await this.core.caughtUp();
    return this.core.logReader.read(this.core.registry.project(projectName), view, options);
  }

  async changes(
    project: string,
    timeline: TimelineId,
    options: { first: Lsn; last: Lsn; limit?: number; images?: boolean; reverse?: boolean }
  ): Promise<readonly Change[]> {
    const { first, last, limit } = options;
    checkFigures({ first, last });
    checkPage({ ...(limit === undefined ? {} : { limit }) });
    await this.core.caughtUp();
    return this.changeReader.range(this.core.timeline(project, timeline), options);
  }

  async history(
    project: string,
    ref: string,
    collection: string,
    key: DocKey,
    options: { limit?: number; before?: Lsn; after?: Lsn } = {}
  ): Promise<readonly Change[]> {
    checkPage(options);
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.changeReader.document(view, found, key, options);
  }

  async collectionHistory(
    project: string,
    ref: string,
    collection: string,
    options: { limit?: number; before?: Lsn; after?: Lsn; images?: boolean } = {}
  ): Promise<{ changes: readonly Change[]; next?: Lsn }> {
    checkPage(options);
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.changeReader.collection(view, found, options);
  }

  feed(projectName: string, options: FeedOptions): AsyncIterable<FeedBatch> {
    const project = this.core.registry.project(projectName);
    const branch =
      options.branch === undefined ? undefined : this.core.registry.branch(project, options.branch);
    return this.changeFeed.read(project, branch, options);
  }

  async blame(project: string, ref: string, collection: string, key: DocKey): Promise<readonly Blame[]> {
    const view = this.core.resolve(project, ref);
    const found = collectionIn(view, collection);
    await this.core.caughtUp();
    return this.blameReader.blame(view, found, key);
  }
}

/** @throws COLLECTION_NOT_FOUND */
function collectionIn(view: Snapshot, name: string): CollectionInfo {
  const found = view.collection(name);
  if (found === undefined) {
    throw new ArgonError(
      'COLLECTION_NOT_FOUND',
      `There is no collection ${JSON.stringify(name)} in ${view.ref}.`,
      {
        data: { collection: name }
      }
    );
  }
  return found;
}
