import { median } from '../row.mjs';

/**
 * What each peer can do: the work of a person who branches, changes, compares, merges and looks back.
 *
 * @typedef {{ ms: number, found: number }} Timed `found`: documents, so that all peers are seen to do the same
 * @typedef {object} Peer
 * @property {string} name
 * @property {(count: number) => Promise<void>} load documents 0 … count - 1 on `main`
 * @property {(name: string) => Promise<number>} branch forks `main`; answers milliseconds
 * @property {(name: string, ids: readonly number[], value: number) => Promise<number>} update
 * @property {(name: string) => Promise<Timed>} diff of the branch against `main`
 * @property {(name: string) => Promise<Timed>} merge of the branch into `main`
 * @property {(ids: readonly number[]) => Promise<Timed>} readsBefore of `main` as it was at the fork
 * @property {() => Promise<Timed>} scanBefore of `main` as it was at the fork
 * @property {() => Promise<number>} bytes of all files
 * @property {() => Promise<void>} close
 */

/** Changes on the branch. */
export const CHANGES = 1_000;

/**
 * One person's work, timed: some branches one after another, the middle time of each kind of work.
 * @param {Peer} peer
 * @param {{ documents: number, reads: number, rounds: number }} sizes
 * @returns {Promise<Record<string, number>>} milliseconds (bytes for `storage`), by name
 */
export async function workOf(peer, { documents, reads, rounds }) {
  await peer.load(documents);
  const took = {};
  const note = (name, ms) => (took[name] ??= []).push(ms);
  const expect = (what, { ms, found }, expected) => {
    if (found !== expected) {
      throw new Error(`${peer.name}: the ${what} found ${found} documents, not ${expected}`);
    }
    return ms;
  };
  for (let round = 0; round < rounds; round++) {
    const name = `exp${round}`;
    const ids = Array.from({ length: CHANGES }, (_, i) => i * 2 * rounds + round);
    note('make a branch', await peer.branch(name));
    note('change 1,000 documents on it', await peer.update(name, ids, round + 1));
    note('diff of 1,000', expect('diff', await peer.diff(name), CHANGES));
    note('merge of 1,000', expect('merge', await peer.merge(name), CHANGES));
    const some = Array.from({ length: reads }, (_, i) => (i * 7_919) % documents);
    const past = expect('read', await peer.readsBefore(some), reads);
    note('read 1,000 documents as of the fork', (past / reads) * 1_000);
    note('scan as of the fork', expect('scan', await peer.scanBefore(), documents));
  }
  const middle = Object.entries(took).map(([name, all]) => [name, median(all)]);
  return { ...Object.fromEntries(middle), storage: await peer.bytes() };
}
