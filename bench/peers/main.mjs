/** The same work with Argon and with what people use instead: full copies in mongod, a history table in SQLite. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { row } from '../row.mjs';
import { ArgonPeer } from './argon.mjs';
import { MongodPeer } from './mongod.mjs';
import { workOf } from './peer.mjs';
import { SqlitePeer } from './sqlite.mjs';

const SIZES = {
  full: { documents: 1_000_000, reads: 5_000, rounds: 5 },
  quick: { documents: 50_000, reads: 1_000, rounds: 3 }
};

/**
 * @param {{ directory: string, quick: boolean, sizes: Readonly<Record<string, number>>, onRow: (row: import('../row.mjs').Row) => void }} run
 * @returns {Promise<readonly import('../row.mjs').Row[]>} one row per peer and piece of work; its baseline is Argon
 */
export async function run({ directory, quick, sizes, onRow }) {
  const options = { ...SIZES[quick ? 'quick' : 'full'], ...sizes };
  const found = [];
  for (const Peer of [ArgonPeer, MongodPeer, SqlitePeer]) {
    const place = join(directory, Peer.name);
    mkdirSync(place);
    const peer = await Peer.open(place);
    onRow({ name: peer.name });
    try {
      found.push({ name: peer.name, work: await workOf(peer, options) });
    } finally {
      await peer.close();
    }
  }
  const [argon] = found;
  return Object.keys(argon.work).flatMap(name =>
    found.map(each =>
      row({
        suite: 'peers',
        name: `${name}: ${each.name}`,
        value: each.work[name],
        unit: name === 'storage' ? 'B' : 'ms',
        ...(each === argon ? {} : { baseline: argon.work[name] })
      })
    )
  );
}
