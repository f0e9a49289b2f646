/** The process that `start.mjs` measures: opens the engine; then stops, is killed, or reads. */
import { existsSync, readFileSync } from 'node:fs';
import { BenchProject, COLLECTION, keyOf, keysBytes, ORIGIN, PROJECT } from './bench-project.mjs';

const [part, directory, text] = process.argv.slice(2);
const options = JSON.parse(text);
const WRITE_DOCUMENTS = 5_000;
const TRIES_MAX = 20;

const begun = performance.now();
const project = await BenchProject.open(directory);
const { engine } = project;
const openMs = performance.now() - begun;
project.head().get(project.head().collection(COLLECTION), keyOf(0));
/** Since the process began. */
const readyMs = performance.now();
project.count = options.documents;

const send = message => new Promise(resolve => process.send(message, resolve));

/** Megabytes in memory that are not pages of the state's file; undefined where the system does not say. */
function beyondTheMap() {
  if (!existsSync('/proc/self/smaps')) {
    return undefined;
  }
  let isMap = false;
  let sum = 0;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) {
      isMap = line.endsWith('/data.mdb');
    } else if (line.startsWith('Rss:') && !isMap) {
      sum += Number(/\d+/.exec(line)[0]) * 1024;
    }
  }
  return sum / 1e6;
}

/** Writes until enough is durable that the state does not have, and dies. */
async function kill() {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const writes = Math.ceil((options.records * 1.5) / WRITE_DOCUMENTS);
    await Promise.all(
      Array.from({ length: writes }, () =>
        project.updateMany(Array.from({ length: WRITE_DOCUMENTS }, () => project.random(project.count)))
      )
    );
    const pending = engine.status().pendingRecords;
    if (pending >= options.records) {
      await send({ pending });
      process.kill(process.pid, 'SIGKILL');
    }
  }
  throw new Error(`the state keeps up: there are never ${options.records} records to replay`);
}

/** Uses what memory is for. */
async function use() {
  const idle = beyondTheMap();
  for (let i = engine.branches(PROJECT).length; i < options.branches; i++) {
    await engine.createBranch(PROJECT, `more-${i}`, ORIGIN, { from: 'main' });
  }
  const branches = engine.branches(PROJECT);
  for (const { name } of branches) {
    project.reads(engine.resolve(PROJECT, name), 1);
  }
  project.reads(project.head(), options.reads);
  await project.scan(project.head());
  // The keys of the documents are the bench's own.
  const used = beyondTheMap();
  await send({ branches: branches.length, idle, used: used === undefined ? used : used - keysBytes() / 1e6 });
}

if (part === 'kill') {
  await kill();
} else if (part === 'use') {
  await use();
} else {
  await project.update(0);
  await send({ openMs, readyMs, writtenMs: performance.now() });
}
await project.close();
process.disconnect();
