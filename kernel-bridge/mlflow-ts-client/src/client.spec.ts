import { MlflowApiError, MlflowClient, type Metric, type Run } from '.';
import { startMlflow, type TestServer } from './server.testing';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

describe('the client against a real mlflow server', () => {
  let server: TestServer;
  let client: MlflowClient;
  let experiment: string;

  beforeAll(async () => {
    server = await startMlflow();
    client = new MlflowClient({ trackingUri: `${server.uri}/` });
    experiment = await client.createExperiment('penguins', { tags: [{ key: 'team', value: 'birds' }] });
  }, 120_000);

  afterAll(() => server?.stop());

  it('creates, reads and finds experiments', async () => {
    const created = await client.getExperiment(experiment);
    expect(created).toMatchObject({ experiment_id: experiment, name: 'penguins', lifecycle_stage: 'active' });
    expect(created.tags).toEqual([{ key: 'team', value: 'birds' }]);
    expect(created.creation_time).toBeGreaterThan(1_600_000_000_000);
    expect(await client.getExperimentByName('penguins')).toEqual(created);
    expect(await client.getExperimentByName('no such')).toBeUndefined();
    const found = await client.searchExperiments({ filter: "name = 'penguins'" });
    expect(found.items.map(({ experiment_id }) => experiment_id)).toEqual([experiment]);
    expect(found.nextPageToken).toBeUndefined();
  });

  it('follows the pages of experiments', async () => {
    for (const name of ['a', 'b', 'c']) {
      await client.createExperiment(`paged-${name}`);
    }
    const options = { filter: "name LIKE 'paged-%'", orderBy: ['name ASC'], maxResults: 2 };
    expect((await client.searchExperiments(options)).items).toHaveLength(2);
    const names = (await all(client.experiments(options))).map(({ name }) => name);
    expect(names).toEqual(['paged-a', 'paged-b', 'paged-c']);
  });

  it('finds the versions of models that a run made', async () => {
    const run = (await client.createRun(experiment, { runName: 'modeller' })).info.run_id;
    const post = async (path: string, body: object) => {
      const reply = await fetch(`${server.uri}/api/2.0/mlflow/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body)
      });
      expect([path, reply.status]).toEqual([path, 200]);
    };
    const name = "spec'ies";
    await post('registered-models/create', { name });
    const source = (await client.getRun(run)).info.artifact_uri;
    await post('model-versions/create', { name, source, run_id: run });
    await post('registered-models/alias', { name, alias: 'champion', version: '1' });
    const found = await client.searchModelVersions({ filter: `run_id = '${run}'` });
    expect(found.items).toMatchObject([{ name, version: '1', run_id: run }]);
    const version = await client.getModelVersion(name, '1');
    expect(version).toEqual({ name, version: '1', run_id: run, aliases: ['champion'] });
    expect((await client.searchModelVersions({ filter: "run_id = 'none'" })).items).toEqual([]);
    // The server opens its registry of models with the first of these calls.
  }, 60_000);

  it('carries a run through its life', async () => {
    const run = await client.createRun(experiment, {
      runName: 'first',
      startTime: 1_700_000_000_000,
      tags: [{ key: 'argon.branch', value: 'clean' }]
    });
    const id = run.info.run_id;
    expect(run.info).toMatchObject({ run_name: 'first', status: 'RUNNING', start_time: 1_700_000_000_000 });
    await client.setTag(id, 'argon.lsn', '821');
    await client.logParam(id, 'depth', '4');
    await client.logMetric(id, { key: 'accuracy', value: 0.5, timestamp: 1, step: 1 });
    await client.logMetric(id, { key: 'accuracy', value: 0.75, timestamp: 2, step: 2 });
    await client.logMetric(id, { key: 'loss', value: NaN, timestamp: 3 });
    const dataset = { name: 'penguins', digest: 'd'.repeat(32), source_type: 'local', source: '{"uri":"x"}' };
    const tags = [{ key: 'mlflow.data.context', value: 'training' }];
    await client.logInputs(id, [{ dataset, tags }]);
    await client.logInputs(id, [{ dataset, tags }]);
    const info = await client.updateRun(id, {
      status: 'FINISHED',
      endTime: 1_700_000_005_000,
      runName: 'renamed'
    });
    expect(info).toMatchObject({
      run_id: id,
      status: 'FINISHED',
      run_name: 'renamed',
      end_time: 1_700_000_005_000
    });

    const read = await client.getRun(id);
    const tag = (key: string) => read.data.tags.find(item => item.key === key)?.value;
    expect([tag('argon.branch'), tag('argon.lsn')]).toEqual(['clean', '821']);
    expect(read.data.params).toEqual([{ key: 'depth', value: '4' }]);
    const metric = (key: string) => read.data.metrics.find(item => item.key === key);
    expect(metric('accuracy')).toEqual({ key: 'accuracy', value: 0.75, timestamp: 2, step: 2 });
    expect(metric('loss')?.value).toBeNaN();
    expect(read.inputs.dataset_inputs).toHaveLength(1);
    expect(read.inputs.dataset_inputs[0]).toMatchObject({ dataset, tags });

    await client.deleteTag(id, 'argon.lsn');
    expect((await client.getRun(id)).data.tags.some(({ key }) => key === 'argon.lsn')).toBe(false);
    await client.deleteRun(id);
    expect((await client.getRun(id)).info.lifecycle_stage).toBe('deleted');
    await client.restoreRun(id);
    expect((await client.getRun(id)).info.lifecycle_stage).toBe('active');
  });

  it('searches by tag and metric, and follows the pages', async () => {
    const created: Run[] = [];
    for (let i = 0; i < 5; i++) {
      const run = await client.createRun(experiment, { tags: [{ key: 'argon.project', value: 'shop' }] });
      await client.logBatch(run.info.run_id, {
        metrics: [{ key: 'argon.lsn', value: i, timestamp: 1, step: 0 }],
        params: [{ key: 'n', value: String(i) }],
        tags: [{ key: 'even', value: String(i % 2 === 0) }]
      });
      created.push(run);
    }
    const filter = 'tags."argon.project" = \'shop\' and metrics."argon.lsn" >= 1';
    const options = {
      experimentIds: [experiment],
      filter,
      orderBy: ['metrics."argon.lsn" DESC'],
      maxResults: 3
    };
    const first = await client.searchRuns(options);
    expect(first.items).toHaveLength(3);
    expect(first.nextPageToken).toBeDefined();
    const ids = (await all(client.runs(options))).map(({ info }) => info.run_id);
    expect(ids).toEqual([4, 3, 2, 1].map(i => created[i]?.info.run_id));
  });

  it('reads the whole history of a metric in pages', async () => {
    const { info } = await client.createRun(experiment);
    const metrics = Array.from({ length: 7 }, (_, i): Metric => ({
      key: 'm',
      value: i / 2,
      timestamp: i + 1,
      step: i
    }));
    await client.logBatch(info.run_id, { metrics });
    const history = await all(client.metricHistory(info.run_id, 'm', { maxResults: 3 }));
    expect([...history].sort((a, b) => a.step - b.step)).toEqual(metrics);
  });

  it("tells errors by MLflow's own code", async () => {
    const failure = async (promise: Promise<unknown>) => {
      const error: unknown = await promise.then(
        () => undefined,
        (reason: unknown) => reason
      );
      expect(error).toBeInstanceOf(MlflowApiError);
      return error as MlflowApiError;
    };
    expect(await failure(client.getRun('no-such-run'))).toMatchObject({
      code: 'RESOURCE_DOES_NOT_EXIST',
      status: 404
    });
    expect((await failure(client.createExperiment('penguins'))).code).toBe('RESOURCE_ALREADY_EXISTS');
    const search = client.searchRuns({ experimentIds: [experiment], filter: 'nonsense ===' });
    expect((await failure(search)).code).toBe('INVALID_PARAMETER_VALUE');
  });
});
