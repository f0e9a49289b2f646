import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyOptions, VerifyReport } from '../keeping';
import type { FileLog } from '../log/file/log';
import { walkSegment } from '../log/file/recovery';
import { listSegments, type Place, segmentFile, SEGMENT_HEADER_BYTES } from '../log/file/segment';
import { decodeFrame } from '../log/frame';
import { metaKey, TABLE } from '../store/keys';
import type { OrderedStore } from '../store/store';
import { EnoughFound, Findings } from './findings';
import { IndexCheck, type IndexCheckParts } from './indexes';
import { LogCheck, rowName } from './log';
import { TableCheck } from './tables';
import { VersionCheck, type VersionCheckParts } from './versions';

export interface VerifyParts extends VersionCheckParts, IndexCheckParts {
  /** The data directory. */
  readonly directory: string;
  readonly log: Pick<FileLog, 'readFrame'>;
  /** Resolves when everything durable so far is in the state. */
  readonly caughtUp: () => Promise<void>;
  /** Checks page images, when there are any: adds what is bad, answers how many it looked at. */
  readonly images?: (findings: Findings) => Promise<number>;
}

/**
 * Walks log, state and images, compares them with each other, and names what does not fit. Works beside writers:
 * what is written after it began is left to the next time. Memory is bounded by the number of timelines and rows
 * of small tables, not by the data.
 * @throws CANCELLED, CLOSED
 */
export async function verify(parts: VerifyParts, options: VerifyOptions = {}): Promise<VerifyReport> {
  const findings = new Findings(options);
  try {
    await findings.pace.rest();
    await parts.caughtUp();
    const end = appliedUpTo(parts);
    const log = new LogCheck(
      { log: parts.log, store: parts.store, registry: parts.registry, directory: logOf(parts) },
      findings
    );
    await log.run(end);
    await new VersionCheck(parts, log.heads, findings).run();
    await new IndexCheck(parts, log.heads, findings).run();
    const tables = new TableCheck(parts, log, findings);
    await tables.run();
    await tables.controlRows(() => touchedSince(parts, end, findings));
    await treesOf(parts.store, findings);
    findings.checked.images = (await parts.images?.(findings)) ?? 0;
    return findings.report(true);
  } catch (error) {
    if (error instanceof EnoughFound) {
      return findings.report(false);
    }
    throw error;
  }
}

/** Rows that nobody meets are missed by none of the walks when the walks are misled alike. */
async function treesOf(store: OrderedStore, findings: Findings): Promise<void> {
  const steps = store.damage();
  try {
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) {
      if (findings.pace.isDue) {
        await findings.pace.rest();
      }
    }
    if (step.value !== undefined) {
      findings.add({ where: 'state', what: step.value });
    }
  } finally {
    steps.return(undefined);
  }
}

function logOf({ directory }: Pick<VerifyParts, 'directory'>): string {
  return join(directory, 'log');
}

/** The place up to which the log is in the state. */
function appliedUpTo(parts: VerifyParts): Place {
  const applied = parts.store.get('meta', metaKey(TABLE.applied, 0));
  if (applied === undefined) {
    return { segment: listSegments(logOf(parts))[0] ?? 1, offset: SEGMENT_HEADER_BYTES };
  }
  return { segment: applied.readUInt32BE(0), offset: applied.readUIntBE(4, 6) };
}

/** Names of the rows of small tables that were logged from `from` on. */
async function touchedSince(parts: VerifyParts, from: Place, findings: Findings): Promise<Set<string>> {
  const directory = logOf(parts);
  const touched = new Set<string>();
  for (const segment of listSegments(directory).filter(candidate => candidate >= from.segment)) {
    const start = segment === from.segment ? from.offset : SEGMENT_HEADER_BYTES;
    if (statSync(segmentFile(directory, segment)).size < start) {
      continue;
    }
    // What is being written right now may be there in part.
    for (const { bytes } of walkSegment(directory, segment, start, { mayBeTorn: true, truncate: false })) {
      for (const record of decodeFrame(bytes).control) {
        touched.add(rowName(record));
      }
      if (findings.pace.isDue) {
        await findings.pace.rest();
      }
    }
  }
  return touched;
}
