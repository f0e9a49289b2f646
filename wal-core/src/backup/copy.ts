import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ArgonError } from '../errors';
import type { Pace } from '../log/pace';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies the first bytes of a file into a new one and brings it to the disk; answers their SHA-256.
 * @throws DATA_CORRUPT when the file has fewer bytes, CANCELLED
 */
export async function copyBytes(from: string, to: string, bytes: number, pace: Pace): Promise<string> {
  const hash = createHash('sha256');
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'w', 0o600);
    try {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, bytes)));
      for (let at = 0; at < bytes;) {
        const { bytesRead } = await source.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
        if (bytesRead === 0) {
          throw new ArgonError('DATA_CORRUPT', `${from} ends at byte ${at}; it should have ${bytes}.`, {
            data: { file: from, offset: at }
          });
        }
        const part = chunk.subarray(0, bytesRead);
        hash.update(part);
        await target.write(part, 0, bytesRead, at);
        at += bytesRead;
        await pace.rest();
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return hash.digest('hex');
}
