import {
  T,
  field,
  values,
  type Commit,
  type CommitTime,
  type Image,
  type Lsn,
  type TimelineId
} from '@argon/wal-core';
import { numberOf, stringOf } from '../arguments';
import { DocumentBuilder } from '../builder';
import type { Remembering } from '../retry';

/** What one slice of a write command did: as much of it as one frame holds. */
export interface SliceResult {
  n: number;
  nModified: number;
  /** Raw `{index, _id}` of upserted documents. */
  upserted: Buffer[];
  /** Raw entries of `writeErrors`. */
  writeErrors: Buffer[];
  /** An ordered command ends here. */
  stopped: boolean;
  inserts: number;
  updates: number;
  deletes: number;
  /** Statements that had an effect, for `retriedStmtIds`. */
  statements: number[];
  commit: Commit | undefined;
}

/** A result in which nothing happened yet. */
export function emptySlice(): SliceResult {
  return {
    n: 0,
    nModified: 0,
    upserted: [],
    writeErrors: [],
    stopped: false,
    inserts: 0,
    updates: 0,
    deletes: 0,
    statements: [],
    commit: undefined
  };
}

/** How the result of a slice is remembered. */
export const SLICE: Remembering<SliceResult> = {
  encode: (result, commit) => {
    const builder = new DocumentBuilder(256)
      .int32('n', result.n)
      .int32('nModified', result.nModified)
      .documents('upserted', result.upserted)
      .documents('writeErrors', result.writeErrors)
      .bool('stopped', result.stopped)
      .int32('inserts', result.inserts)
      .int32('updates', result.updates)
      .int32('deletes', result.deletes)
      .value('statements', result.statements);
    return writeCommit(builder, commit).finish();
  },
  decode: image => ({
    n: integer(image, 'n'),
    nModified: integer(image, 'nModified'),
    upserted: documents(image, 'upserted'),
    writeErrors: documents(image, 'writeErrors'),
    stopped: field(image, 'stopped')?.bytes[0] === 1,
    inserts: integer(image, 'inserts'),
    updates: integer(image, 'updates'),
    deletes: integer(image, 'deletes'),
    statements: items(image, 'statements').map(value => numberOf(value) ?? 0),
    commit: readCommit(image)
  })
};

/** Adds a commit to a remembered reply. */
export function writeCommit(builder: DocumentBuilder, commit: Commit | undefined): DocumentBuilder {
  if (commit !== undefined) {
    builder
      .open('commit')
      .string('project', commit.project)
      .string('branch', commit.branch)
      .int64('timeline', commit.timeline)
      .int64('firstLsn', commit.firstLsn)
      .int64('lastLsn', commit.lastLsn)
      .timestamp('time', commit.time)
      .close();
  }
  return builder;
}

/** The commit of a remembered reply. */
export function readCommit(image: Image): Commit | undefined {
  const commit = field(image, 'commit');
  if (commit === undefined) {
    return undefined;
  }
  return {
    project: stringOf(field(commit.bytes, 'project')!),
    branch: stringOf(field(commit.bytes, 'branch')!),
    timeline: integer(commit.bytes, 'timeline') as TimelineId,
    firstLsn: integer(commit.bytes, 'firstLsn') as Lsn,
    lastLsn: integer(commit.bytes, 'lastLsn') as Lsn,
    time: field(commit.bytes, 'time')!.bytes.readBigUInt64LE(0) as CommitTime
  };
}

function integer(image: Buffer, name: string): number {
  const value = field(image, name);
  return value === undefined ? 0 : (numberOf(value) ?? 0);
}

function items(image: Buffer, name: string): ReturnType<typeof values> {
  const value = field(image, name);
  return value?.type === T.ARRAY ? values(value.bytes) : [];
}

function documents(image: Buffer, name: string): Buffer[] {
  return items(image, name).map(value => value.bytes);
}
