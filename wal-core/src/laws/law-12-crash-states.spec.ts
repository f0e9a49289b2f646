import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowSeconds, EFFORT, numbersFrom, SEED } from './chance';
import { contentsAfter, RecordingDisk } from './disk/recording';
import { type Tear, tear, TEARS } from './disk/tear';
import { figure } from './figures';
import { copyLog, type Plain, temporaryDirectory, World, suiteDirectories } from './world';

allowSeconds(240);

/** Workloads, and how many states of the disk are made from the calls of each. */
const WORKLOADS = Math.ceil(2 * EFFORT);
const STATES = 100;

const SEGMENT_HEADER_BYTES = 20;
/** Small, so that the calls go over several segments. */
const SEGMENT_BYTES = 60_000;
/** Writers that do not wait for each other: their frames go in groups. */
const WRITERS = 4;

/** The calls of a run of the log, and what was true when. */
interface Recorded {
  readonly directory: string;
  readonly disk: RecordingDisk;
  readonly begin: number;
  /** The state of the default branch at every LSN. */
  readonly states: readonly ReadonlyMap<string, string>[];
  readonly commits: readonly { readonly last: number; readonly calls: number; readonly documents: Plain[] }[];
  /** Copies of the state on disk, and how many calls the log had made by then. */
  readonly kept: readonly { readonly directory: string; readonly calls: number }[];
}

/** The same size for all of a kind, so that frames of one commit fit where those of another were. */
function documentOf(writer: number, round: number, size: number): Plain {
  return { _id: `${writer}`, round: round + 0.5, text: 'x'.repeat(size) };
}

async function record(seed: number, directoryOf: (given?: string) => string): Promise<Recorded> {
  const below = numbersFrom(seed);
  const disk = new RecordingDisk();
  const world = await World.open({ parts: { log: { fileSystem: disk, segmentBytesMax: SEGMENT_BYTES } } });
  directoryOf(world.directory);
  // Opening a directory without the project would make it, so that is where the crashes begin.
  const begin = disk.calls.length;
  await world.put('main', [{ _id: 'first' }]);
  const commits: { last: number; calls: number; documents: Plain[] }[] = [];
  const kept: { directory: string; calls: number }[] = [];
  for (let round = 0; round < 9; round++) {
    const size = [40, 700, 3000, 9000][below(4)]!;
    await Promise.all(
      Array.from({ length: 1 + below(WRITERS) }, async (_, writer) => {
        const documents = [documentOf(writer, round, size)];
        const { lastLsn } = await world.put('main', documents, { atomic: below(2) === 0 });
        commits.push({ last: lastLsn, calls: disk.calls.length, documents });
      })
    );
    if (round % 4 === 2) {
      await world.view('main').stateDigest();
      const copy = directoryOf();
      cpSync(join(world.directory, 'state'), join(copy, 'state'), { recursive: true });
      kept.push({ directory: copy, calls: disk.calls.length });
    }
  }
  const states: ReadonlyMap<string, string>[] = [];
  for (let lsn = 0; lsn <= world.view('main').lsn; lsn++) {
    states.push(await world.dump(`main@${lsn}`));
  }
  const calls = disk.calls.length;
  await world.engine.close();
  disk.calls.length = calls;
  const { directory } = world;
  return { directory, disk, begin, states, commits: commits.sort((a, b) => a.last - b.last), kept };
}

/** The directory as a power failure after so many calls may leave it. */
function leave(recorded: Recorded, calls: number, kind: Tear, below: (n: number) => number): string {
  const directory = temporaryDirectory();
  const log = join(directory, 'log');
  mkdirSync(log);
  const { files, unflushed } = contentsAfter(recorded.disk.calls.slice(0, calls));
  const segments = readdirSync(join(recorded.directory, 'log')).sort();
  // The segment after the last that was written to is made before the first write to it.
  const made = Math.max(1, files.size) + below(2);
  for (const [i, name] of segments.slice(0, made).entries()) {
    const header = readFileSync(join(recorded.directory, 'log', name)).subarray(0, SEGMENT_HEADER_BYTES);
    const writes = files.get(name) ?? [];
    const isTorn = i === made - 1 && i > 0 && writes.length === 0 && below(2) === 0;
    const bytes = Buffer.concat([header, ...writes.map(write => write.bytes)]);
    writeFileSync(join(log, name), isTorn ? bytes.subarray(0, below(SEGMENT_HEADER_BYTES)) : bytes);
  }
  tear(log, unflushed, kind, below);
  leaveRoom(log, segments[files.size - 1], below);
  const older = recorded.kept.filter(kept => kept.calls <= calls);
  const state = older[below(older.length + 1)];
  if (state !== undefined) {
    cpSync(join(state.directory, 'state'), join(directory, 'state'), { recursive: true });
  }
  return directory;
}

/** Zeros behind the frames of the segment that is written to, in which part of what was cut off may have lain. */
function leaveRoom(log: string, segment: string | undefined, below: (n: number) => number): void {
  if (segment !== undefined && below(2) === 0) {
    const file = join(log, segment);
    truncateSync(file, statSync(file).size + 1 + below(100_000));
  }
}

function logBytes(directory: string): string[] {
  const names = readdirSync(join(directory, 'log')).sort();
  return names.map(name => `${name} ${readFileSync(join(directory, 'log', name)).toString('hex')}`);
}

describe('law 12: whatever a power failure leaves of the log', () => {
  const directoryOf = suiteDirectories();

  /** Opens what is left, twice, and goes on writing. */
  async function recover(
    recorded: Recorded,
    calls: number,
    kind: Tear,
    below: (n: number) => number
  ): Promise<number> {
    const directory = directoryOf(leave(recorded, calls, kind, below));
    const sure = recorded.commits.filter(commit => commit.calls <= calls).at(-1)?.last ?? 0;
    const world = await World.open({ directory });
    const head = world.view('main').lsn;
    expect(head).toBeGreaterThanOrEqual(sure);
    expect([0, 2, ...recorded.commits.map(({ last }) => last)]).toContain(head);
    expect(await world.dump('main')).toEqual(recorded.states[head]);
    const lsn = below(head + 1);
    expect(await world.dump(`main@${lsn}`)).toEqual(recorded.states[lsn]);
    const digest = await world.view('main').stateDigest();
    const bytes = logBytes(directory);
    await world.reopen();
    expect(await world.view('main').stateDigest()).toBe(digest);
    // An engine that was closed without a write leaves the log as it found it.
    expect(logBytes(directory)).toEqual(bytes);
    // Whoever got no answer writes again: what was cut off must not come back behind it.
    const again = recorded.commits.find(({ last }) => last > head);
    if (again !== undefined && head > 0) {
      await world.put('main', again.documents);
      const after = await world.dump('main');
      const copy = directoryOf(copyLog(directory));
      const crashed = await World.open({ directory: copy });
      expect(await crashed.dump('main')).toEqual(after);
      await crashed.close();
    }
    await world.close();
    return head;
  }

  it.each(Array.from({ length: WORKLOADS }, (_, i) => SEED + i))(
    `recovers to what was acknowledged, twice the same (${STATES} states, seed %i)`,
    async seed => {
      const recorded = await record(seed, directoryOf);
      const below = numbersFrom(seed + 1);
      const heads = new Set<number>();
      for (let i = 0; i < STATES; i++) {
        // Every call in turn, as often as there is room for.
        const points = recorded.disk.calls.length - recorded.begin + 1;
        const calls = recorded.begin + (i % points);
        const kind = TEARS[(i + Math.floor(i / points)) % TEARS.length]!;
        try {
          heads.add(await recover(recorded, calls, kind, below));
        } catch (error) {
          throw new Error(`state ${i} of seed ${seed}: ${kind} after ${calls} calls`, { cause: error });
        }
      }
      figure('crash states', STATES);
      expect(heads.size).toBeGreaterThan(5);
    }
  );
});
