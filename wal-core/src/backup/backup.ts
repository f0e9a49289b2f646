import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync
} from 'node:fs';
import { basename, join, sep } from 'node:path';
import type { CommitTime, ProjectInfo } from '../api';
import { ArgonError } from '../errors';
import { isFullDisk } from '../faults';
import type { BackupReport, KeepingOptions } from '../keeping';
import { listSegments, type Place, segmentFile, syncDirectory, UNFINISHED } from '../log/file/segment';
import { lockDirectory } from '../log/lock';
import { Pace } from '../log/pace';
import { copyBytes } from './copy';
import {
  BACKUP_FORMAT_VERSION,
  type BackupFile,
  type Manifest,
  readManifest,
  writeManifest
} from './manifest';

/** Bytes at either end of a segment that tell it from others of the same number and size. */
const COMPARED_BYTES = 64 * 1024;

export interface BackupParts {
  /** The data directory. */
  readonly directory: string;
  /** Everything before this place of the log is on disk, and belongs to the backup. */
  readonly end: Place;
  readonly time: CommitTime;
  readonly projects: readonly Pick<ProjectInfo, 'name' | 'head'>[];
}

/**
 * Copies the log up to a place into a folder, while writers go on behind it. All else follows from the log. What an
 * earlier backup in the folder has already is not copied again; that one counts until the new one is complete.
 * @throws BAD_REQUEST, DIRECTORY_LOCKED, DATA_CORRUPT, DISK_FULL, CANCELLED
 */
export async function backUp(
  parts: BackupParts,
  folder: string,
  { signal, onProgress }: KeepingOptions
): Promise<BackupReport> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const target = realpathSync(folder);
  const home = realpathSync(parts.directory);
  if (target === home || target.startsWith(home + sep)) {
    throw new ArgonError('BAD_REQUEST', 'A backup cannot lie inside the data directory.', {
      data: { folder }
    });
  }
  const unlock = lockDirectory(target);
  try {
    const known = readManifest(target)?.files ?? [];
    const wanted = wantedFiles(parts);
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    const pace = new Pace(signal);
    const files: BackupFile[] = [];
    let [copiedFiles, copiedBytes, done] = [0, 0, 0];
    for (const { path, name, bytes } of wanted) {
      onProgress?.({ phase: 'copy', done, total });
      let file = known.find(
        each => each.name === name && each.bytes === bytes && isCopy(path, join(target, each.stored), bytes)
      );
      if (file === undefined) {
        const stored = freeName(name, bytes, known);
        const unfinished = join(target, `${stored}${UNFINISHED}`);
        const sha256 = await copyBytes(path, unfinished, bytes, pace);
        renameSync(unfinished, join(target, stored));
        file = { name, stored, bytes, sha256 };
        copiedFiles++;
        copiedBytes += bytes;
      }
      files.push(file);
      done += bytes;
    }
    syncDirectory(target);
    writeManifest(target, manifestOf(parts, files));
    tidy(target, files);
    onProgress?.({ phase: 'copy', done: total, total });
    const { time, projects } = parts;
    return { time, projects, files: files.length, bytes: total, copiedFiles, copiedBytes };
  } catch (error) {
    throw copyError(error, target);
  } finally {
    unlock();
  }
}

interface WantedFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

function wantedFiles({ directory, end }: BackupParts): WantedFile[] {
  const log = join(directory, 'log');
  return listSegments(log)
    .filter(segment => segment <= end.segment)
    .map(segment => {
      const path = segmentFile(log, segment);
      const name = basename(path);
      const bytes = segment === end.segment ? end.offset : statSync(path).size;
      return { path, name, bytes };
    });
}

/**
 * Whether a file of a backup is a copy of a segment. A folder may have a backup of another data directory with the same
 * beginning, such as one that was restored and then went on: commit times differ from there on, so the ends do.
 */
function isCopy(path: string, copy: string, bytes: number): boolean {
  if (statSync(copy, { throwIfNoEntry: false })?.size !== bytes) {
    return false;
  }
  const length = Math.min(bytes, COMPARED_BYTES);
  return [0, bytes - length].every(at => bytesAt(path, at, length).equals(bytesAt(copy, at, length)));
}

function bytesAt(path: string, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, bytes, 0, length, position);
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/** A name that no file of the earlier backup has: that one counts until the new one is complete. */
function freeName(name: string, bytes: number, known: readonly BackupFile[]): string {
  for (let number = 0; ; number++) {
    const stored = name.replace('.', number === 0 ? `-${bytes}.` : `-${bytes}-${number}.`);
    if (known.every(file => file.stored !== stored)) {
      return stored;
    }
  }
}

function manifestOf({ time, projects }: BackupParts, files: readonly BackupFile[]): Manifest {
  return {
    format: 'argon-backup',
    version: BACKUP_FORMAT_VERSION,
    time: String(time),
    projects,
    files
  };
}

/** Removes what belongs to no backup any more: copies of earlier ones, and what was cut short. */
function tidy(folder: string, files: readonly BackupFile[]): void {
  const needed = new Set(files.map(({ stored }) => stored));
  for (const name of readdirSync(folder)) {
    if (/^\d{8}-\d+(?:-\d+)?\.(?:log|cold)(?:\.unfinished)?$/.test(name) && !needed.has(name)) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

function copyError(error: unknown, folder: string): unknown {
  return isFullDisk(error)
    ? new ArgonError(
        'DISK_FULL',
        `There is no room left in ${folder}. An earlier backup there is still whole.`,
        {
          cause: error,
          data: { folder }
        }
      )
    : error;
}
