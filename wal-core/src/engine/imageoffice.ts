import { join, relative } from 'node:path';
import type { ImageStatus, TimelineId } from '../api';
import type { KeptLsns } from '../branch/kept';
import type { Registry } from '../branch/registry';
import type { FarChanges } from '../diff/far';
import { ImageKeeper, type ImageOptions, overlayLimitsOf } from '../image/keeper';
import { Images } from '../image/images';
import type { FileLog } from '../log/file/log';
import type { Place } from '../log/file/segment';
import { Overlays } from '../overlay/overlays';
import { type DeepReadParts, DeepReads } from '../read/deep';
import { HANDED_LIMITS } from '../read/handed';
import type { LineReader } from '../read/line';
import type { SnapshotParts } from '../read/snapshot';
import type { StateScanParts } from '../read/statescan';
import type { StatsReader } from '../read/stats';
import type { Unapplied } from '../read/unapplied';
import type { Versions } from '../read/versions';
import type { OrderedStore } from '../store/store';
import { type Findings, reasonOf } from '../verify/findings';
import { imageBuilder } from '../worker/builder';
import { WorkerChanges } from '../worker/farchanges';
import { IndexEntries } from '../worker/indexentries';
import { StateLongReads } from '../worker/longreads';
import { WorkerPool } from '../worker/pool';

export interface ImageOfficeParts {
  readonly directory: string;
  readonly store: OrderedStore;
  readonly log: FileLog;
  readonly registry: Registry;
  readonly versions: Versions;
  readonly unapplied: Unapplied;
  readonly line: LineReader;
  readonly stats: StatsReader;
  readonly caughtUp: () => Promise<void>;
  readonly wallMs: () => number;
}

/** Everything that scans read beside the state: image files, overlays, and the workers that make files. */
export class ImageOffice {
  readonly files: Images;
  readonly overlays: Overlays;
  readonly keeper: ImageKeeper;
  readonly pool: WorkerPool | undefined;
  /** What scans need, and the reads that run on workers. */
  readonly scanParts: StateScanParts & Pick<SnapshotParts, 'long'>;
  /** Gathers changes on workers. */
  readonly far: FarChanges | undefined;
  /** What new indexes are filled with. */
  readonly entries: IndexEntries;

  constructor(
    private readonly parts: ImageOfficeParts,
    options: ImageOptions = {}
  ) {
    const { directory, store, log, line, versions, caughtUp } = parts;
    this.files = new Images(join(directory, 'images'), store);
    const isCaughtUp = () => parts.unapplied.records === 0;
    this.overlays = new Overlays({ line, caughtUp, isCaughtUp }, overlayLimitsOf(options));
    this.pool = options.inline === true ? undefined : WorkerPool.of(directory);
    const readLog = (place: Place, length: number) => log.read(place, length);
    const builder = imageBuilder(this.pool, { store, readLog });
    const { files: images, overlays } = this;
    this.keeper = new ImageKeeper({ ...parts, images, overlays, builder }, options);
    const missed: DeepReadParts['missed'] = (chain, collection) => this.keeper.missed(chain, collection);
    versions.shortcut = new DeepReads({ ...parts, images, overlays, missed });
    const scanParts = { versions, images, overlays, missed };
    const { pool } = this;
    this.entries = new IndexEntries({ ...scanParts, pool, caughtUp, directory: join(directory, 'scratch') });
    const limits = { ...HANDED_LIMITS, ...options.handed };
    const longParts =
      this.pool === undefined ? undefined : { ...scanParts, pool: this.pool, caughtUp, limits };
    this.far =
      this.pool === undefined
        ? undefined
        : new WorkerChanges({
            pool: this.pool,
            directory: join(directory, 'scratch'),
            changesMin: limits.changesMin
          });
    this.scanParts =
      longParts === undefined
        ? scanParts
        : { ...scanParts, long: view => new StateLongReads(longParts, view) };
  }

  status(): ImageStatus {
    const { files, keeper, overlays, pool } = this;
    return {
      files: files.count,
      bytes: files.bytes,
      built: keeper.built,
      isBuilding: keeper.isBuilding,
      damaged: files.damaged,
      ...(keeper.error === undefined ? {} : { failed: keeper.error }),
      overlays: overlays.count,
      overlayBytes: overlays.bytes,
      workers: pool?.threads ?? 0
    };
  }

  /**
   * For garbage collection: drops the images that no readable state needs; answers how many. `keptOf` as in
   * `Images.unneeded`. A dry run only counts.
   */
  async collect(
    keptOf: (timeline: TimelineId) => KeptLsns | undefined | null,
    isDry = false
  ): Promise<{ count: number; bytes: number }> {
    const unneeded = this.files.unneeded(keptOf);
    if (!isDry) {
      await this.files.drop(unneeded);
    }
    return { count: unneeded.length, bytes: unneeded.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Reads every image whole, in slices; answers how many there were. */
  async verify(findings: Findings): Promise<number> {
    const { files } = this;
    let count = 0;
    for (const image of [...files.all()]) {
      const release = files.hold([image]);
      try {
        for (const _ of files.verify(image)) {
          await findings.pace.rest();
        }
      } catch (error) {
        // One that was replaced meanwhile is no business of ours.
        if ([...files.all()].includes(image)) {
          findings.add({ where: relative(this.parts.directory, files.path(image)), what: reasonOf(error) });
        }
      } finally {
        release();
      }
      findings.progress('images', ++count, files.count);
    }
    return count;
  }

  async close(): Promise<void> {
    await this.keeper.stop();
    await this.pool?.close();
    this.overlays.close();
    this.files.close();
  }
}
