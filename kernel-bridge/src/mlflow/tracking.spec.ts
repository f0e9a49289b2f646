import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MlflowApiError } from 'mlflow-ts-client';
import { createLogger } from '../logger';
import { openTestBridge, type TestBridge, type TestClient } from '../rpc/harness.testing';
import { RunSweep, SWEEP_MS_MAX, TRACKING_FACT, trackingPlace } from './sweep';
import { isTrackingServer } from './tracking';

interface Answer {
  status?: number;
  body?: object;
  afterMs?: number;
}

describe('runs, with a tracking server', () => {
  let server: Server;
  let uri: string;
  let answers: (path: string, run: string) => Answer;
  let asked: string[] = [];
  let bridge: TestBridge;
  let client: TestClient;
  const runOf = (id: string, status: string, accuracy: number) => ({
    run: {
      info: {
        run_id: id,
        run_name: `name of ${id}`,
        experiment_id: '7',
        status,
        start_time: 1_700_000_000_000,
        lifecycle_stage: 'active'
      },
      data: {
        metrics: [
          { key: 'accuracy', value: accuracy, timestamp: 1, step: 0 },
          { key: 'argon.lsn', value: 5 }
        ],
        params: [],
        tags: []
      }
    }
  });

  beforeAll(async () => {
    server = createServer((request, response: ServerResponse) => {
      const url = new URL(request.url ?? '', 'http://x');
      asked.push(url.pathname + url.search);
      const {
        status = 200,
        body = {},
        afterMs = 0
      } = answers(url.pathname, url.searchParams.get('run_id') ?? '');
      setTimeout(
        () => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
        afterMs
      );
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(async () => {
    asked = [];
    bridge = await openTestBridge({ mlflow: uri });
    client = await bridge.connect();
    await client.call('project.create', { name: 'shop' });
    await client.call('run.register', { project: 'shop', run: 'r1', ref: 'main', facts: { note: 'mine' } });
  });

  afterEach(() => bridge.close());

  const list = async () => (await client.call('run.list', { project: 'shop' })).runs;
  const failures = async () => (await client.call('status', {})).trackingFailures;

  it('shows name, status, experiment and metrics as the server knows them, beside what was said', async () => {
    answers = (path, run) =>
      path.endsWith('experiments/get')
        ? { body: { experiment: { experiment_id: '7', name: 'churn', lifecycle_stage: 'active' } } }
        : path.endsWith('model-versions/search')
          ? { body: { model_versions: [{ name: 'risk', version: '4' }] } }
          : path.endsWith('model-versions/get')
            ? { body: { model_version: { name: 'risk', version: '4', aliases: ['champion', 'new'] } } }
            : { body: runOf(run, 'RUNNING', 0.5) };
    const [run] = await list();
    expect(run?.facts).toEqual({
      note: 'mine',
      name: 'name of r1',
      status: 'RUNNING',
      experiment: 'churn',
      experimentId: '7',
      'registered.risk/4': 'champion, new',
      startedAt: '2023-11-14T22:13:20.000Z',
      'metric.accuracy': '0.5'
    });
    const before = asked.length;
    await list();
    expect(asked).toHaveLength(before);
    expect(await failures()).toBe(0);
  });

  it('shows a run of a server that has no registry of models', async () => {
    answers = (path, run) =>
      path.endsWith('experiments/get')
        ? { body: { experiment: { name: 'churn' } } }
        : path.endsWith('model-versions/search')
          ? { status: 404, body: { error_code: 'ENDPOINT_NOT_FOUND', message: 'no registry' } }
          : { body: runOf(run, 'FINISHED', 1) };
    expect((await list())[0]?.facts).toMatchObject({ status: 'FINISHED', experiment: 'churn' });
    expect(await failures()).toBe(0);
  });

  it('never waits long, and shows what came late the next time', async () => {
    answers = (path, run) =>
      path.endsWith('experiments/get')
        ? { body: { experiment: { name: 'churn' } } }
        : path.endsWith('model-versions/search')
          ? { body: {} }
          : { body: runOf(run, 'FINISHED', 1), afterMs: 1_500 };
    const started = performance.now();
    expect((await list())[0]?.facts).toEqual({ note: 'mine' });
    expect(performance.now() - started).toBeLessThan(1_400);
    await new Promise(resolve => setTimeout(resolve, 1_000));
    expect((await list())[0]?.facts).toMatchObject({ status: 'FINISHED', experiment: 'churn' });
  });

  it('lets go of runs that were deleted from this server for good, and of no others', async () => {
    const place = { [TRACKING_FACT]: trackingPlace(uri) };
    const register = (run: string, facts: Record<string, string>) =>
      client.call('run.register', { project: 'shop', run, ref: 'main', facts });
    await register('gone', place);
    await register('kept', place);
    await register('elsewhere', { [TRACKING_FACT]: 'http://127.0.0.1:1' });
    answers = (_path, run) =>
      run === 'kept'
        ? { body: runOf('kept', 'FINISHED', 1) }
        : { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'gone' } };
    const released = async () =>
      (await list()).filter(({ releasedAt }) => releasedAt !== undefined).map(({ id }) => id);
    await client.call('keeping.gc', { project: 'shop' });
    expect(await released()).toEqual([]);
    await client.call('keeping.gc', { project: 'shop', apply: true });
    expect(await released()).toEqual(['gone']);
    asked = [];
    await client.call('keeping.gc', { project: 'shop', apply: true });
    expect(asked.filter(path => path.includes('run_id=gone'))).toEqual([]);
  });

  it('lets go of thousands in one sweep, and of what a sweep had no time for in the next', async () => {
    const facts = { [TRACKING_FACT]: trackingPlace(uri) };
    const count = 1_300;
    await Promise.all(
      Array.from({ length: count }, (_, n) => bridge.engine.registerRun('shop', `gone-${n}`, 'main', facts))
    );
    await bridge.engine.registerRun('shop', 'kept', 'main', facts);
    let now = 0;
    const known = new Set<string>();
    const sweep = new RunSweep(
      bridge.engine,
      {
        getRun: async id => {
          known.add(id);
          now += SWEEP_MS_MAX / 1_100;
          if (id !== 'kept') {
            throw new MlflowApiError(404, 'RESOURCE_DOES_NOT_EXIST', 'gone');
          }
          return runOf('kept', 'FINISHED', 1) as never;
        }
      },
      uri,
      createLogger('error'),
      () => now
    );
    const first = await sweep.sweep();
    expect(first).toBeGreaterThan(1_000);
    expect(first).toBeLessThan(1_200);
    expect(first + (await sweep.sweep())).toBe(count);
    expect(known.size).toBe(count + 1);
    const { total } = await client.call('run.list', { project: 'shop' });
    expect(total).toBe(count + 2);
    expect(bridge.engine.runs('shop').filter(run => run.releasedAt === undefined)).toHaveLength(2);
  }, 30_000);

  it('releases nothing while the server answers with anything else', async () => {
    await client.call('run.register', {
      project: 'shop',
      run: 'asked',
      ref: 'main',
      facts: { [TRACKING_FACT]: trackingPlace(`${uri}/`) }
    });
    for (const status of [401, 403, 404, 500, 503]) {
      answers = () => ({ status, body: { error_code: 'PERMISSION_DENIED', message: 'no' } });
      await client.call('keeping.gc', { project: 'shop', apply: true });
    }
    expect((await list()).filter(({ releasedAt }) => releasedAt !== undefined)).toEqual([]);
  });

  it('counts failures and goes on without the server', async () => {
    answers = () => ({ status: 500, body: { error_code: 'INTERNAL_ERROR', message: 'broken' } });
    expect((await list())[0]?.facts).toEqual({ note: 'mine' });
    expect(await failures()).toBe(1);
  });

  it('does not count a run that is logged elsewhere as a failure, nor ask for it again and again', async () => {
    answers = () => ({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' } });
    expect((await list())[0]?.facts).toEqual({ note: 'mine' });
    await list();
    expect(asked).toHaveLength(1);
    expect(await failures()).toBe(0);
  });
});

it('asks only servers', () => {
  expect(isTrackingServer('http://localhost:5000')).toBe(true);
  expect(isTrackingServer('https://mlflow.example')).toBe(true);
  for (const uri of [undefined, '', 'sqlite:///mlflow.db', 'file:///tmp/mlruns', 'mlruns', 'databricks']) {
    expect(isTrackingServer(uri)).toBe(false);
  }
});
