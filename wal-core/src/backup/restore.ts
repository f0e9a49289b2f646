import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectId } from '../api';
import { deserialize } from 'bson';
import { ArgonError } from '../errors';
import type { RestoreBackupOptions } from '../keeping';
import { commitTimeEnd } from '../log/clock';
import { walkSegment } from '../log/file/recovery';
import {
  listSegments,
  type Place,
  SEGMENT_HEADER_BYTES,
  segmentFile,
  segmentPath,
  syncDirectory
} from '../log/file/segment';
import { decodeFrame, type Frame, isPart } from '../log/frame';
import { Pace } from '../log/pace';
import { TABLE } from '../store/keys';
import { copyBytes } from './copy';
import { readManifest } from './manifest';

/** Rows that say that history was taken away. */
const COLLECTED_TABLES: readonly number[] = [TABLE.kept, TABLE.timesGone];

/**
 * Copies the log of a backup into an empty directory, checks every byte of it, and cuts it where it is to end. The
 * state is made from it when the directory is opened.
 * @throws BAD_REQUEST, DATA_CORRUPT naming the file, FORMAT_TOO_NEW, HISTORY_GONE, LSN_IN_FUTURE, CANCELLED
 */
export async function restoreFiles(
  folder: string,
  directory: string,
  { to, signal, onProgress }: RestoreBackupOptions
): Promise<void> {
  const manifest = readManifest(folder);
  if (manifest === undefined) {
    throw new ArgonError('BAD_REQUEST', `${folder} holds no backup.`, { data: { folder } });
  }
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new ArgonError('BAD_REQUEST', `${directory} is not empty. Restore into a new directory.`, {
      data: { directory }
    });
  }
  // Under another name until it is whole: a directory that is opened too early would seem to be empty.
  const log = join(directory, 'log.restoring');
  mkdirSync(log, { recursive: true, mode: 0o700 });
  const pace = new Pace(signal);
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { name, stored, bytes, sha256 } of manifest.files) {
    onProgress?.({ phase: 'copy', done, total });
    const from = join(folder, stored);
    if ((await copyBytes(from, join(log, name), bytes, pace).catch(missing(from))) !== sha256) {
      throw new ArgonError('DATA_CORRUPT', `${from} is damaged: its checksum is not that of the backup.`, {
        data: { file: from }
      });
    }
    done += bytes;
  }
  if (to !== undefined) {
    cut(log, await endOf(log, to, pace));
  }
  syncDirectory(log);
  renameSync(log, join(directory, 'log'));
  syncDirectory(directory);
}

function missing(file: string): (error: unknown) => never {
  return error => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? new ArgonError('DATA_CORRUPT', `${file} is missing in the backup.`, { cause: error, data: { file } })
      : error;
  };
}

/** Where the log must end; undefined when all of it is wanted. */
async function endOf(
  log: string,
  to: NonNullable<RestoreBackupOptions['to']>,
  pace: Pace
): Promise<Place | undefined> {
  const projects = new Map<string, ProjectId>();
  let end: Place | undefined;
  let head = 0;
  for (const segment of listSegments(log)) {
    for (const { offset, bytes } of walkSegment(log, segment, SEGMENT_HEADER_BYTES, {
      mayBeTorn: false,
      truncate: false
    })) {
      const frame = decodeFrame(bytes);
      if (isPart(bytes)) {
        continue;
      }
      noteProjects(frame, projects);
      const id = 'project' in to ? projects.get(to.project) : undefined;
      const changes = [...frame.changes, ...frame.groups].filter(({ project }) => project === id);
      head = Math.max(head, ...changes.map(({ group }) => group.last));
      end ??= isAfter(
        frame,
        to,
        changes.map(({ group }) => group.last)
      )
        ? { segment, offset }
        : undefined;
      if (end !== undefined && frame.control.some(({ table }) => COLLECTED_TABLES.includes(table))) {
        throw new ArgonError(
          'HISTORY_GONE',
          'Garbage was collected after that moment: it can only be restored from a backup that was made before.',
          { data: { ...to } }
        );
      }
      if (pace.isDue) {
        await pace.rest();
      }
    }
  }
  if ('project' in to && !projects.has(to.project)) {
    throw new ArgonError('PROJECT_NOT_FOUND', `The backup has no project ${JSON.stringify(to.project)}.`, {
      data: { name: to.project }
    });
  }
  if ('project' in to && end === undefined && head < to.lsn) {
    throw new ArgonError('LSN_IN_FUTURE', `LSN ${to.lsn} is not in the backup; its newest is ${head}.`, {
      data: { lsn: to.lsn, head }
    });
  }
  return end;
}

/** Whether a frame, which ends at these LSNs of the project, was written after the moment to restore. */
function isAfter(
  frame: Frame,
  to: NonNullable<RestoreBackupOptions['to']>,
  lastLsns: readonly number[]
): boolean {
  return 'time' in to ? frame.time > commitTimeEnd(to.time.getTime()) : lastLsns.some(last => last > to.lsn);
}

function noteProjects({ control }: Frame, projects: Map<string, ProjectId>): void {
  for (const { table, key, value } of control) {
    if (table === TABLE.project && value !== undefined) {
      projects.set(deserialize(value)['name'] as string, key.readUInt32BE(0) as ProjectId);
    }
  }
}

/** Takes away everything of a log from a place on. */
function cut(log: string, end: Place | undefined): void {
  if (end === undefined) {
    return;
  }
  for (const segment of listSegments(log)) {
    if (segment > end.segment) {
      rmSync(segmentFile(log, segment));
    }
  }
  truncateSync(segmentPath(log, end.segment), end.offset);
}
