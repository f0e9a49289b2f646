import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MlflowApiError, MlflowClient, MlflowConnectionError } from '.';

type Reaction = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (status: number, body: object): Reaction =>
  (_request, response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
const hangUp: Reaction = request => request.socket.destroy();
const run = {
  run: { info: { run_id: 'r1', status: 'RUNNING', start_time: '5', lifecycle_stage: 'active' } }
};

describe('the transport against a server that misbehaves', () => {
  let server: Server;
  let uri: string;
  let script: Reaction[] = [];
  let seen: { url: string; authorization: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ url: request.url ?? '', authorization: request.headers.authorization });
      request.resume();
      const reaction = script.shift() ?? json(500, {});
      reaction(request, response);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise(resolve => server.close(resolve)));

  beforeEach(() => {
    seen = [];
    script = [];
  });

  const client = (options: Partial<ConstructorParameters<typeof MlflowClient>[0]> = {}) =>
    new MlflowClient({ trackingUri: uri, backoffMs: 1, ...options });

  it('tries a read again after a lost connection and after 503', async () => {
    script = [hangUp, json(503, { error_code: 'TEMPORARILY_UNAVAILABLE', message: 'busy' }), json(200, run)];
    const read = await client().getRun('r1');
    expect(read.info).toMatchObject({ run_id: 'r1', start_time: 5 });
    expect(read.data).toEqual({ metrics: [], params: [], tags: [] });
    expect(seen).toHaveLength(3);
  });

  it('gives up after the number of tries it was given', async () => {
    script = [hangUp, hangUp, hangUp, json(200, run)];
    await expect(client({ retries: 2 }).getRun('r1')).rejects.toBeInstanceOf(MlflowConnectionError);
    expect(seen).toHaveLength(3);
  });

  it('never repeats a call that would do something twice', async () => {
    script = [hangUp, json(200, run)];
    await expect(client().createRun('1')).rejects.toBeInstanceOf(MlflowConnectionError);
    expect(seen).toHaveLength(1);
  });

  it('never repeats what the server refused for good', async () => {
    script = [json(400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'no' }), json(200, run)];
    await expect(client().getRun('r1')).rejects.toMatchObject({
      code: 'INVALID_PARAMETER_VALUE',
      message: 'no'
    });
    expect(seen).toHaveLength(1);
  });

  it('stops waiting when the time is over, and when it is told to', async () => {
    script = [() => undefined, () => undefined];
    const slow = client({ timeoutMs: 50, retries: 0 }).getRun('r1');
    await expect(slow).rejects.toThrow('did not answer within 50 ms');
    const controller = new AbortController();
    const aborted = client().getRun('r1', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    server.closeAllConnections();
  });

  it('speaks of an answer that is not JSON', async () => {
    script = [(_request, response) => response.writeHead(401).end('<html>sign in</html>')];
    const error = await client()
      .getRun('r1')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MlflowApiError);
    expect(error).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('follows no redirect, which would carry its credentials elsewhere', async () => {
    script = [(_request, response) => response.writeHead(302, { Location: `${uri}/elsewhere` }).end()];
    await expect(client().getRun('r1')).rejects.toMatchObject({ status: 302 });
    expect(seen).toHaveLength(1);
  });

  it('signs in with a token, with user and password, and with those of the URI, which it never tells', async () => {
    script = [json(200, run), json(200, run), json(200, run), hangUp];
    await client({ token: 'secret' }).getRun('r1');
    await client({ username: 'ann', password: 'p:w' }).getRun('r1');
    const inUri = client({ trackingUri: uri.replace('//', '//ann:p%40w@'), retries: 0 });
    await inUri.getRun('r1');
    const decoded = seen.map(({ authorization = '' }) => authorization.split(' '));
    expect(decoded[0]).toEqual(['Bearer', 'secret']);
    expect(Buffer.from(decoded[1]?.[1] ?? '', 'base64').toString()).toBe('ann:p:w');
    expect(Buffer.from(decoded[2]?.[1] ?? '', 'base64').toString()).toBe('ann:p@w');
    const error = (await inUri.getRun('r1').catch((reason: unknown) => reason)) as Error;
    expect(error.message).not.toContain('p@w');
    expect(error.message).not.toContain('p%40w');
  });

  it('keeps the path of a server behind a prefix', async () => {
    script = [json(200, run)];
    await client({ trackingUri: `${uri}/team/mlflow/` }).getRun('r1');
    expect(seen[0]?.url).toBe('/team/mlflow/api/2.0/mlflow/runs/get?run_id=r1');
  });

  it('refuses a tracking URI that is no web address', () => {
    expect(() => client({ trackingUri: 'sqlite:///runs.db' })).toThrow('http or https');
  });
});
