import { hostname } from 'node:os';
import { Binary, Long, deserialize, serialize } from 'bson';
import { T, type StageSpec } from '@argon/wal-core';
import { Arguments } from './arguments';
import { refuseView } from './collection-kind';
import { idIndexOf, listSource } from './commands/indexes';
import { describeOperations } from './commands/server';
import { storageStats } from './commands/stats';
import type { CommandContext } from './context';
import type { DocumentSource } from './cursors';
import { MongoError } from './errors';
import type { ReadPlace } from './place';
import type { NamespaceTimes } from './usage';

/** The documents of a first stage that reads something else than documents of a collection. */
export async function sourceStage(
  context: CommandContext,
  first: StageSpec,
  place: ReadPlace,
  collection: string | undefined
): Promise<DocumentSource> {
  switch (first.name) {
    case '$collStats':
      return listSource([await collStatsDocument(context, first, place, collection)]);
    case '$indexStats':
      return listSource(indexStatsDocuments(context, place, collection));
    case '$currentOp':
      return listSource(describeOperations(context).map(toBuffer));
    case '$listLocalSessions':
      return listSource(
        context.services.logical.all().map(({ key, usedAt }) =>
          toBuffer({
            _id: { id: new Binary(Buffer.from(key, 'hex'), Binary.SUBTYPE_UUID) },
            lastUse: new Date(usedAt)
          })
        )
      );
    default:
      throw new MongoError('NotImplemented', `${first.name} is not available in Argon yet`);
  }
}

async function collStatsDocument(
  context: CommandContext,
  stage: StageSpec,
  place: ReadPlace,
  collection: string | undefined
): Promise<Buffer> {
  const spec = new Arguments(
    stage.value.type === T.OBJECT ? stage.value.bytes : Buffer.from([5, 0, 0, 0, 0]),
    '$collStats'
  );
  spec.only(['count', 'storageStats', 'latencyStats', 'queryExecStats'], undefined);
  const info = collection === undefined ? undefined : place?.snapshot.collection(collection);
  refuseView(context.database, collection ?? '', info);
  const document: Record<string, unknown> = {
    ns: `${context.database}.${collection}`,
    host: hostname(),
    localTime: new Date()
  };
  if (spec.has('queryExecStats')) {
    throw new MongoError(
      'NotImplemented',
      '$collStats has count, storageStats and latencyStats; how queries of a collection were run is not counted'
    );
  }
  if (spec.has('latencyStats')) {
    const asked = spec.object('latencyStats');
    asked?.only(['histograms'], undefined);
    const times = context.services.usage.of(document['ns'] as string);
    document['latencyStats'] = latencyStats(times, asked?.bool('histograms', false) === true);
  }
  if ((spec.has('count') || spec.has('storageStats')) && info === undefined) {
    throw new MongoError('NamespaceNotFound', `Collection [${document['ns'] as string}] not found.`);
  }
  if (spec.has('storageStats')) {
    const scale = spec.object('storageStats')?.integer('scale', { min: 1 }) ?? 1;
    document['storageStats'] = await storageStats(place?.snapshot, info, scale);
  }
  if (spec.has('count')) {
    document['count'] = await place!.snapshot.count(info!);
  }
  return toBuffer(document);
}

/** How often queries went through each index, on any branch, since the bridge runs. */
function indexStatsDocuments(
  { services: { usage } }: CommandContext,
  place: ReadPlace,
  collection: string | undefined
): Buffer[] {
  const info = collection === undefined ? undefined : place?.snapshot.collection(collection);
  if (place === undefined || info === undefined) {
    return [];
  }
  return [idIndexOf(info), ...info.indexes.map(index => index.spec)].map(raw => {
    const spec = deserialize(raw);
    const name = spec['name'] as string;
    return toBuffer({
      name,
      key: spec['key'] as unknown,
      host: hostname(),
      accesses: { ops: Long.fromNumber(usage.usesOf(place.project, info, name)), since: usage.since },
      spec
    });
  });
}

/** Reads, writes and other commands: their number and microseconds, and how often they were about so long. */
function latencyStats({ latency }: NamespaceTimes, hasHistograms: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(latency).map(([kind, { count, time, buckets }]) => {
      const histogram = [...buckets]
        .sort(([a], [b]) => a - b)
        .map(([micros, times]) => ({ micros: Long.fromNumber(micros), count: Long.fromNumber(times) }));
      return [
        kind,
        {
          ...(hasHistograms ? { histogram } : {}),
          latency: Long.fromNumber(time),
          ops: Long.fromNumber(count)
        }
      ];
    })
  );
}

function toBuffer(document: Record<string, unknown>): Buffer {
  const bytes = serialize(document, { ignoreUndefined: true });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
