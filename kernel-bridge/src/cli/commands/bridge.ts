import { request } from 'node:http';
import type { Command } from 'commander';
import { ArgonError } from '@argon/wal-core';
import type { Session, StatusResult } from '../../rpc/protocol';
import { connectRunning, findBeacon } from '../client';
import { run, withData, type CommonOptions } from '../command';
import { size, table } from '../output';

const HEALTH_MS_MAX = 5_000;

function statusText({ storage, keeping, ...status }: StatusResult): string {
  const rows: (readonly [string, unknown])[] = [
    ...Object.entries(status),
    ...(Object.entries(storage) as [string, number][]).map(
      ([name, bytes]) => [`storage.${name}`, size(bytes)] as const
    ),
    ['storage.ratio', ratioText(storage)],
    ['keeping.automatic', keeping.automatic],
    ['keeping.last', keeping.last === undefined ? 'never' : keeping.last.at]
  ];
  return table(
    rows,
    [
      ['what', ([name]) => name],
      ['value', ([, value]) => String(value)]
    ],
    ''
  );
}

/** All bytes on disk beside the raw BSON of the live documents. */
function ratioText({
  logBytes,
  coldBytes,
  stateBytes,
  imageBytes,
  liveBytes
}: StatusResult['storage']): string {
  const all = logBytes + coldBytes + stateBytes + imageBytes;
  return liveBytes === 0 ? 'no documents' : `${(all / liveBytes).toFixed(1)} times the live documents`;
}

const sessionTable = (sessions: readonly Session[]) =>
  table(
    sessions,
    [
      ['session', ({ id }) => id],
      ['who', ({ actor }) => actor],
      ['notebook', ({ notebook }) => notebook],
      ['at', ({ project, ref }) => (project === undefined ? '' : `${project}/${ref ?? ''}`)],
      ['lsn', ({ lsn }) => lsn],
      ['', ({ connected, cell }) => (connected ? (cell === undefined ? 'connected' : 'running') : 'gone')]
    ],
    'No sessions.'
  );

/** The bridge itself. */
export function addBridgeCommands(program: Command): void {
  withData(program.command('status').description('sizes and counts of the bridge and its data')).action(
    (options: CommonOptions) =>
      run(options, async ({ call, print }) => print(await call('status', {}), statusText))
  );

  withData(program.command('sessions').description('sessions of kernels and clients')).action(
    (options: CommonOptions) =>
      run(options, async ({ call, print }) => print(await call('session.list', {}), sessionTable))
  );

  withData(
    program.command('health').description('whether the running bridge is well; exit code 1 when not')
  ).action(async (options: CommonOptions) => {
    const beacon = findBeacon(options.data);
    if (!beacon) {
      throw new ArgonError(
        'BRIDGE_UNAVAILABLE',
        `No bridge runs for ${options.data}. Start one: argon serve.`
      );
    }
    const path = beacon.rpc.replace(/^ws\+unix:\/\//, '').replace(/:\/rpc$/, '');
    const { status, body } = await probe(path);
    console.log(options.output === 'json' ? body : status === 200 ? `ok, process ${beacon.pid}` : body);
    process.exitCode = status === 200 ? 0 : 1;
  });

  withData(program.command('stop').description('end the running bridge cleanly')).action(
    async (options: CommonOptions) => {
      const client = await connectRunning(options.data);
      if (!client) {
        throw new ArgonError('BRIDGE_UNAVAILABLE', `No bridge runs for ${options.data}.`);
      }
      await client.call('shutdown', {});
      await client.close();
      console.log(options.output === 'json' ? '{"stopped":true}' : 'The bridge ends.');
    }
  );
}

/** Asks `/healthz` of the bridge behind a socket. */
function probe(socketPath: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: '/healthz', timeout: HEALTH_MS_MAX }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: body.trim() }));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${HEALTH_MS_MAX} ms`)));
    call.on('error', cause =>
      reject(
        new ArgonError('BRIDGE_UNAVAILABLE', 'The bridge does not answer. Start one: argon serve.', { cause })
      )
    );
    call.end();
  });
}
