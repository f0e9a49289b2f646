import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { buildProgram, type Ended, type Program, type Served } from './process.testing';

jest.setTimeout(120_000);

describe('the command line', () => {
  let program: Program;
  let data: string;
  let bridge: Served | undefined;
  let mongo: MongoClient | undefined;

  beforeAll(async () => {
    program = await buildProgram();
    data = join(program.folder, 'data');
  });
  afterAll(async () => {
    await mongo?.close();
    program.remove();
  });

  const argon = (...args: string[]): Promise<Ended> => program.run(args, { ARGON_DATA: data, USER: 'ann' });
  const json = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await argon(...args, '-o', 'json');
    if (code !== 0) {
      throw new Error(`argon ${args.join(' ')} ended with ${code}: ${stderr}`);
    }
    return JSON.parse(stdout);
  };

  it('tells its commands, its version, and what is wrong with a command line', async () => {
    const help = await argon('--help');
    expect(help.code).toBe(0);
    for (const word of [
      'serve',
      'branch',
      'merge',
      'pick',
      'restore',
      'undo',
      'why',
      'feed',
      'check',
      'Exit codes'
    ]) {
      expect(help.stdout).toContain(word);
    }
    expect((await argon('--version')).stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
    for (const args of [
      ['nonsense'],
      ['log', '--limit', 'many'],
      ['log', '-o', 'xml'],
      ['undo', '--lsn', '9..2'],
      ['merge', 'x', '--rule', 'mine'],
      ['merge', 'x', '--rule', 'ours:users:a..b'],
      ['why', 'users', '1', '"open'],
      ['branch', 'create', 'x', '--ttl', '5']
    ]) {
      expect(await argon(...args)).toMatchObject({ code: 2, stdout: '' });
    }
  });

  it('works without a bridge, one command after the other', async () => {
    expect((await argon('projects')).stdout).toContain('argon init');
    expect((await argon('log')).code).toBe(5);
    expect(await json('init', 'shop')).toMatchObject({ name: 'shop' });
    expect(await argon('init', 'shop')).toMatchObject({ code: 1, stdout: '' });
    expect(await argon('init', 'shop', '--ensure')).toMatchObject({ code: 0 });
    expect(await json('branch', 'create', 'exp', '--ttl', '7d')).toMatchObject({ name: 'exp' });
    expect(await argon('health')).toMatchObject({ code: 1 });
    const { stderr } = await argon('branch', 'delete', 'nowhere');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect((await argon('branch', 'delete', 'nowhere')).code).toBe(5);
  });

  it('works beside a running bridge on what drivers write', async () => {
    bridge = await program.serve(['--data', data]);
    expect((await argon('health')).stdout).toContain(`process ${bridge.child.pid}`);
    mongo = new MongoClient(bridge.ready.wire, { serverSelectionTimeoutMS: 5_000 });
    await mongo
      .db('shop')
      .collection<{ _id: number; n: number }>('users')
      .insertMany([
        { _id: 1, n: 1 },
        { _id: 2, n: 2 }
      ]);
    await argon('branch', 'create', 'work');
    await mongo
      .db('shop@work')
      .collection<{ _id: number; n: number }>('users')
      .updateOne({ _id: 1 }, { $set: { n: 5, '\u001b[31mred': 1 } });
    await mongo
      .db('shop')
      .collection<{ _id: number; n: number }>('users')
      .updateOne({ _id: 1 }, { $set: { n: 9 } });

    const branches = await argon('branches');
    expect(branches.stdout).toMatch(/BRANCH +HEAD/);
    expect(branches.stdout).toContain('work');
    const diff = await argon('diff', 'main', 'work');
    expect(diff.stdout).toMatch(/n: .*9.* → .*5/);
    expect(diff.stdout).not.toContain('\u001b');
    expect((await argon('history', 'users', '1', '--ref', 'work')).stdout).toContain('update');
    expect((await argon('collections')).stdout).toMatch(/users +2 +[0-9a-f]{32}/);
    expect(await json('pin', 'gold')).toMatchObject({ name: 'gold' });
    expect((await argon('pins')).stdout).toContain('gold');
    expect((await argon('log')).stdout).toContain('users');
  });

  it('merges with a preview, an answer for all conflicts, and an exit code for open ones', async () => {
    const preview = await argon('merge', 'work', '--preview');
    expect(preview).toMatchObject({ code: 0 });
    expect(preview.stdout).toContain('users');
    expect(await argon('merge', 'work')).toMatchObject({ code: 4 });
    expect(await json('merge', 'work', '--theirs')).toMatchObject({ state: 'applied', into: 'main' });
    expect((await argon('diff', 'main', 'work')).stdout.trim()).toBe('No differences.');
  });

  it('picks changes, settles by rule, and asks a protected branch for its checks', async () => {
    await argon('branch', 'create', 'side');
    const users = mongo!.db('shop@side').collection<{ _id: number; n: number }>('users');
    await users.updateOne({ _id: 2 }, { $set: { n: 20 } });
    const upTo = ((await json('branches')) as { name: string; head: number }[]).find(
      ({ name }) => name === 'side'
    )!.head;
    await users.insertOne({ _id: 3, n: 3 });
    await mongo!
      .db('shop')
      .collection<{ _id: number }>('users')
      .updateOne({ _id: 2 }, { $set: { n: 22 } });
    await argon('branch', 'create', 'target');
    const picked = await argon('pick', 'side', '--lsn', `${upTo}`, '--into', 'target', '--preview');
    expect(picked.stdout).toMatch(/pick of side.* into target/);
    expect(await argon('pick', 'side', '--lsn', `${upTo}`, '--into', 'target')).toMatchObject({ code: 4 });
    expect((await argon('pick', 'side', '--into', 'target')).code).toBe(2);

    expect((await argon('branch', 'protect', 'target', '--check', 'schema')).stdout).toContain('schema');
    const plan = (await json(
      'pick',
      'side',
      '--lsn',
      `${upTo}`,
      '--into',
      'target',
      '--rule',
      'theirs:users:n',
      '--preview'
    )) as { id: string; unanswered: number };
    expect(plan.unanswered).toBe(0);
    const refused = await argon('apply', plan.id);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('schema');
    expect((await argon('check', plan.id, 'schema', '--failed', '--detail', 'n > 9')).stdout).toContain(
      'check schema failed: n > 9'
    );
    expect(await argon('apply', plan.id)).toMatchObject({ code: 4 });
    expect(await json('check', plan.id, 'schema')).toMatchObject({ checks: [{ passed: true }] });
    expect(await json('apply', plan.id)).toMatchObject({ kind: 'pick', state: 'applied' });
    expect(await argon('branch', 'unprotect', 'target')).toMatchObject({ code: 0 });
  });

  it('says who gave a value, gives it back, and reads along', async () => {
    const why = (await json('why', 'users', '2', '--ref', 'target')) as { path: string[]; lsn: number }[];
    expect(why.map(({ path }) => path.join('.'))).toEqual(['_id', 'n']);
    const text = await argon('why', 'users', '2', 'n', '--ref', 'target');
    expect(text.stdout).toMatch(/FIELD +VALUE +LSN/);
    expect(text.stdout).not.toContain('_id');
    expect((await argon('why', 'users', '99')).stdout).toContain('no such document');
    const [, n] = why;
    const to = `target@${n!.lsn - 1}`;
    const back = await argon(
      'restore',
      'plan',
      to,
      '--branch',
      'target',
      '--collection',
      'users',
      '--id',
      '2',
      '--preview'
    );
    expect(back.stdout).toContain('users: ~1');
    const done = await json(
      'restore',
      'plan',
      to,
      '--branch',
      'target',
      '--collection',
      'users',
      '--id',
      '2'
    );
    expect(done).toMatchObject({ kind: 'restore', state: 'applied', backup: expect.any(String) });
    const lines = (await argon('feed', '--branch', 'target', '--collection', 'users', '-o', 'json')).stdout;
    const changes = lines
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { lsn: number; kind: string });
    expect(changes.at(-1)).toMatchObject({ kind: 'restore' });
    expect(new Set(changes.map(({ lsn }) => lsn)).size).toBe(changes.length);
    expect((await argon('feed', '--after', `${changes.at(-2)!.lsn}`, '--branch', 'target')).stdout).toMatch(
      /~ users/
    );
    expect((await argon('feed', '--limit', '1')).stdout.trim().split('\n')).toHaveLength(1);
  });

  it('goes back, and takes back', async () => {
    const [main] = (await json('branches')) as { head: number }[];
    const head = main?.head ?? 0;
    const preview = await argon('restore', 'preview', `main@${head - 1}`);
    expect(preview.stdout).toContain('discards');
    expect(await json('restore', 'apply', `main@${head - 1}`)).toMatchObject({ branch: { head: head - 1 } });
    const [again] = (await json('branches')) as { head: number }[];
    expect(again?.head).toBe(head - 1);
    expect((await argon('undo')).code).toBe(2);
  });

  it('collects garbage when told to, verifies, and makes backups that come back', async () => {
    expect((await argon('retention')).stdout).toContain('all history is kept');
    expect(await json('retention', '--keep', '7d')).toEqual({ keepSeconds: 604_800 });
    expect((await argon('retention')).stdout).toContain('604800 seconds');
    const shown = await argon('gc', '--keep-lsns', '0');
    expect(shown.stdout).toContain('would go');
    expect(shown.stdout).toContain('pin gold');
    expect(await json('gc', '--keep-lsns', '0', '--apply')).toMatchObject({ dryRun: false });
    const gone = await argon('diff', 'main@1', 'main');
    expect(gone).toMatchObject({ code: 1 });
    expect(gone.stderr).toContain('no longer kept');
    expect(await json('gc', '--automatic', 'off')).toMatchObject({ automatic: false });
    expect((await argon('gc', '--automatic')).stdout).toContain('only when it is asked for');
    expect(await argon('gc', '--automatic', 'on', '--apply')).toMatchObject({ code: 2 });
    expect((await argon('gc', '--automatic', 'on')).stdout).toContain('in the background');
    expect((await argon('gc', '--compact')).stdout).toContain('At the next start');
    expect((await argon('status')).stdout).toMatch(/storage.ratio +[\d.]+ times the live documents/);
    expect(await argon('verify')).toMatchObject({ code: 0 });
    const folder = join(program.folder, 'backup');
    expect((await argon('backup', folder)).stdout).toContain('The backup has');
    const copy = join(program.folder, 'copy');
    expect(await argon('restore-backup', folder, data)).toMatchObject({ code: 2 });
    const restored = await argon('restore-backup', folder, copy);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stdout).toMatch(/shop +\d+/);
    expect((await argon('branches', '--data', copy)).stdout).toBe((await argon('branches')).stdout);
    // A flipped bit is found, and named.
    const segment = join(copy, 'log', readdirSync(join(copy, 'log'))[0]!);
    const bytes = readFileSync(segment);
    bytes[60]! ^= 1;
    writeFileSync(segment, bytes);
    const hurt = await argon('verify', '--data', copy);
    expect(hurt).toMatchObject({ code: 1 });
    expect(hurt.stdout).toContain('log/00000001.log byte');
  });

  it('shows states and sizes, and ends the bridge', async () => {
    expect(await json('status')).toMatchObject({ projects: 1 });
    expect(await json('runs')).toEqual([]);
    expect(await json('sessions')).toEqual([]);
    expect(await argon('stop')).toMatchObject({ code: 0 });
    expect(await bridge?.ended).toMatchObject({ code: 0 });
    expect((await argon('stop')).code).toBe(1);
  });
});
