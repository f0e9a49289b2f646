/** One setup at a time in a checkout: a second `npm start` or `npm test` waits for the first. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE } from './checkout.mjs';

const isRunning = pid => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Takes the turn, or says who has it. */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return undefined;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
  }
  let owner = Number.NaN;
  try {
    owner = Number(readFileSync(file, 'utf8'));
  } catch {
    // Given back this moment: the next look finds it free.
    return 0;
  }
  if (owner > 0 && owner !== process.pid && isRunning(owner)) {
    return owner;
  }
  // Its owner was killed.
  rmSync(file, { force: true });
  return 0;
}

/** Runs `work` when nobody else sets up this checkout. */
export async function inTurn(work, { folder = CACHE, say = console.log } = {}) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'setup.pid');
  let told = false;
  for (let owner = take(file); owner !== undefined; owner = take(file)) {
    if (owner > 0 && !told) {
      say(`Waiting for process ${owner}, which is setting up this checkout.`);
      told = true;
    }
    await sleep(100);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
