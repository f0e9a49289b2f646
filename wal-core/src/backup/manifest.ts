import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgonError } from '../errors';
import { syncDirectory, UNFINISHED } from '../log/file/segment';

export const BACKUP_FORMAT_VERSION = 1;
const NAME = 'MANIFEST.json';

/** A file of the log in a backup. */
export interface BackupFile {
  /** Its name in the log: `00000001.log`. */
  readonly name: string;
  /** Its name in the backup: a copy of other bytes has another, so that none is ever overwritten. */
  readonly stored: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a backup consists of. It counts from the moment its manifest has its name. */
export interface Manifest {
  readonly format: 'argon-backup';
  readonly version: number;
  /** Commit time of the newest commit in it, as decimal digits. */
  readonly time: string;
  readonly projects: readonly { readonly name: string; readonly head: number }[];
  readonly files: readonly BackupFile[];
}

/**
 * The manifest of a folder; undefined when it holds no backup.
 * @throws DATA_CORRUPT, FORMAT_TOO_NEW
 */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  const manifest = parse(text);
  if (manifest === undefined) {
    throw new ArgonError('DATA_CORRUPT', `${path} is not the manifest of a backup.`, {
      data: { file: path }
    });
  }
  if (manifest.version > BACKUP_FORMAT_VERSION) {
    throw new ArgonError(
      'FORMAT_TOO_NEW',
      `The backup ${path} has format ${manifest.version}; this version of Argon reads up to ${BACKUP_FORMAT_VERSION}. Update Argon.`,
      { data: { file: path, version: manifest.version } }
    );
  }
  return manifest;
}

/** Names in a manifest become paths: nothing but names of segments is let in. */
function parse(text: string): Manifest | undefined {
  try {
    const { format, version, time, projects, files } = JSON.parse(text) as Partial<Manifest>;
    const isRight =
      format === 'argon-backup' &&
      Number.isSafeInteger(version) &&
      /^\d{1,20}$/.test(String(time)) &&
      Array.isArray(projects) &&
      Array.isArray(files) &&
      (files as readonly BackupFile[]).every(isFile);
    return isRight ? { format, version: version!, time: time!, projects, files } : undefined;
  } catch {
    return undefined;
  }
}

function isFile({ name, stored, bytes, sha256 }: BackupFile): boolean {
  return (
    /^\d{8}\.(?:log|cold)$/.test(name) &&
    /^\d{8}-\d+(?:-\d+)?\.(?:log|cold)$/.test(stored) &&
    Number.isSafeInteger(bytes) &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

/** Puts a manifest in the place of the one before. */
export function writeManifest(folder: string, manifest: Manifest): void {
  const unfinished = join(folder, `${NAME}${UNFINISHED}`);
  writeFileSync(unfinished, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, join(folder, NAME));
  syncDirectory(folder);
}
