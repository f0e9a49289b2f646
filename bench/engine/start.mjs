/** How long a start takes and what memory it leaves taken, measured in processes of their own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from '../row.mjs';

const CHILD = new URL('./start-child.mjs', import.meta.url);
/** A start that takes longer counts as failed. */
const CHILD_MS_MAX = 120_000;

/** Runs one part of the child; answers what it said last, and how it ended. */
async function run(part, directory, options = {}) {
  const child = fork(CHILD, [part, directory, JSON.stringify(options)], { timeout: CHILD_MS_MAX });
  let told;
  child.on('message', message => {
    told = message;
  });
  const [code, signal] = await once(child, 'exit');
  if (told === undefined || (code !== 0 && !(part === 'kill' && signal === 'SIGKILL'))) {
    throw new Error(`the process that should ${part} ended with ${code ?? signal}`);
  }
  return told;
}

/** @param {{ directory: string, say: (row: object) => void, options: Record<string, number> }} context the engine on `directory` is closed */
export async function measureStarts({ directory, say, options }) {
  const documents = options.documents.toLocaleString('en-US');
  const clean = [];
  for (let round = 0; round < options.rounds; round++) {
    clean.push(await run('open', directory));
  }
  const ready = told => median(told.map(each => each.readyMs));
  say({
    name: `start with ${documents} documents after a clean stop, of the whole process`,
    value: ready(clean),
    unit: 'ms',
    goal: { atMost: 1_000 }
  });
  say({ name: 'of that, opening the engine', value: median(clean.map(each => each.openMs)), unit: 'ms' });
  const killed = [];
  let left = Infinity;
  for (let round = 0; round < options.rounds; round++) {
    const { pending } = await run('kill', directory, {
      records: options.replay,
      documents: options.documents
    });
    left = Math.min(left, pending);
    killed.push(await run('open', directory));
  }
  say({
    name: `start after a kill with ${left.toLocaleString('en-US')} records or more to replay`,
    value: ready(killed),
    unit: 'ms',
    goal: { atMost: 3_000 }
  });
  say({
    name: 'of that, opening the engine: readers are let in before the state has the records',
    value: median(killed.map(each => each.openMs)),
    unit: 'ms'
  });
  say({
    name: 'until its first write is durable',
    value: median(killed.map(each => each.writtenMs)),
    unit: 'ms'
  });
  const { branches, idle, used } = await run('use', directory, {
    branches: options.manyBranches,
    reads: options.reads,
    documents: options.documents
  });
  const of = `${documents} documents and ${branches.toLocaleString('en-US')} branches`;
  if (idle === undefined) {
    return;
  }
  say({ name: `memory beyond the map after the start, ${of}`, value: idle, unit: 'MB' });
  say({
    name: 'the same after a read of each branch, a scan, and many point reads',
    value: used,
    unit: 'MB',
    goal: { atMost: 150 }
  });
}
