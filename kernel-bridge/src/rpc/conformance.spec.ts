import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bson,
  CALLED,
  insert,
  keyOf,
  openTestBridge,
  replace,
  write,
  type TestBridge,
  type TestClient
} from './harness.testing';
import { PARAMS_SCHEMAS } from './schemas';

describe('every method, over a real socket and a real engine', () => {
  let bridge: TestBridge;
  let client: TestClient;
  const project = 'shop';

  beforeAll(async () => {
    bridge = await openTestBridge();
    client = await bridge.connect();
  });

  afterAll(() => bridge.close());

  it('says who it is', async () => {
    const other = await bridge.connect();
    const hello = await other.call('hello', { client: { kind: 'page', version: '9' }, protocol: 1 });
    expect(hello).toMatchObject({
      readOnly: false,
      pid: process.pid,
      dataDirectory: bridge.engine.directory
    });
    expect(hello.wire).toMatch(/^mongodb:\/\//);
    const status = await client.call('status', {});
    expect(status.connections).toBeGreaterThanOrEqual(2);
    other.socket.close();
  });

  it('makes projects once, and again with ensure', async () => {
    const made = await client.call('project.create', { name: project });
    expect(made).toMatchObject({ name: project, defaultBranch: 'main' });
    expect(await client.refusalCode('project.create', { name: project })).toBe('PROJECT_EXISTS');
    expect(await client.call('project.create', { name: project, ensure: true })).toMatchObject({
      name: project
    });
    expect((await client.call('project.list', {})).map(({ name }) => name)).toEqual([project]);
    expect(await client.refusalCode('project.create', { name: '' })).toBe('NAME_INVALID');
  });

  it('resolves states and lists their collections', async () => {
    await insert(bridge.engine, 'main', 'users', [
      { _id: 1, plan: 'free', n: 1 },
      { _id: 2, plan: 'pro' }
    ]);
    await bridge.engine.createIndex(project, 'main', 'users', bson({ key: { plan: 1 }, name: 'plan_1' }), {
      actor: 'ann'
    });
    const state = await client.call('ref.resolve', { project, ref: 'main' });
    expect(state).toMatchObject({ project, branch: 'main', writable: true, database: 'shop@main' });
    expect(state.ref).toBe(`main@${state.lsn}`);
    expect(Math.abs(Date.parse(state.time) - Date.now())).toBeLessThan(60_000);
    expect(state.clusterTime.t).toBe(Math.floor(Date.parse(state.time) / 1000));
    const past = await client.call('ref.resolve', { project, ref: `main@${state.lsn - 1}` });
    expect(past).toMatchObject({ writable: false, database: `shop@main:${past.lsn}` });

    const { collections, digest } = await client.call('ref.collections', { project, ref: 'main' });
    expect(collections).toHaveLength(1);
    expect(collections[0]).toMatchObject({ name: 'users', count: 2 });
    expect(collections[0]?.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(digest).toMatch(/^[0-9a-f]{32}$/);
    expect(collections[0]?.indexes).toMatchObject([{ name: 'plan_1', unique: false, sparse: false }]);
    expect(collections[0]?.indexes[0]?.key).toEqual({ plan: { $numberInt: '1' } });
    expect(await client.refusalCode('ref.resolve', { project, ref: 'main@999999' })).toBe('LSN_IN_FUTURE');
    expect(await client.refusalCode('ref.resolve', { project, ref: 'nowhere' })).toMatch(/NOT_FOUND$/);
    expect(await client.refusalCode('ref.resolve', { project: 'none', ref: 'main' })).toBe(
      'PROJECT_NOT_FOUND'
    );
  });

  it('keeps branches', async () => {
    const clean = await client.call('branch.create', { project, name: 'clean', ttlSeconds: 86_400 });
    expect(clean).toMatchObject({
      name: 'clean',
      isDefault: false,
      ahead: 0,
      behind: 0,
      fork: { branch: 'main' }
    });
    expect(Date.parse(clean.expiresAt ?? '')).toBeGreaterThan(Date.now() + 86_000_000);
    expect(await client.refusalCode('branch.create', { project, name: 'clean' })).toBe('BRANCH_EXISTS');
    await client.call('branch.create', { project, name: 'clean', ensure: true });
    await client.call('branch.create', { project, name: 'draft', from: 'main@1' });
    expect(await client.call('branch.rename', { project, name: 'draft', to: 'sketch' })).toMatchObject({
      name: 'sketch'
    });
    expect(await client.call('branch.protect', { project, name: 'sketch', protect: true })).toMatchObject({
      isProtected: true
    });
    expect(await client.refusalCode('branch.delete', { project, name: 'sketch' })).toBe('BRANCH_PROTECTED');
    await client.call('branch.protect', { project, name: 'sketch', protect: false });
    expect(await client.call('branch.get', { project, name: 'sketch' })).toMatchObject({
      isProtected: false
    });
    await insert(bridge.engine, 'sketch', 'users', [{ _id: 50 }]);
    expect(await client.call('branch.delete', { project, name: 'sketch' })).toMatchObject({
      name: 'sketch',
      unmerged: 1
    });
    expect(await client.refusalCode('branch.get', { project, name: 'sketch' })).toBe('BRANCH_NOT_FOUND');
  });

  it('pages and searches branches', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) {
      await client.call('branch.create', { project, name });
    }
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await client.call('branch.list', {
        project,
        search: 'PAGE-',
        limit: 2,
        ...(after === undefined ? {} : { after })
      });
      expect(page.total).toBe(3);
      seen.push(...page.branches.map(({ name }) => name));
      after = page.next;
    } while (after !== undefined);
    expect([...seen].sort()).toEqual(['page-a', 'page-b', 'page-c']);
    expect((await client.call('branch.list', { project })).branches[0]).toMatchObject({
      name: 'main',
      isDefault: true
    });
    const letters = async (text: string) =>
      (await client.call('branch.list', { project, letters: text })).branches.map(({ name }) => name);
    expect(await letters('MN')).toEqual(['main']);
    expect(await letters('nm')).not.toContain('main');
    expect((await letters('cl'))[0]?.startsWith('cl')).toBe(true);
    expect(await client.refusalCode('branch.list', { project, after: 'gone' })).toBe('BAD_REQUEST');
  });

  it('tells the log, the changes and the history of a document', async () => {
    await replace(
      bridge.engine,
      'clean',
      'users',
      { _id: 1, plan: 'pro', n: 1 },
      {
        actor: 'bob',
        cell: 'c7',
        cellNumber: 7
      }
    );
    const { head } = await client.call('branch.get', { project, name: 'clean' });
    const log = await client.call('log', { project });
    expect(log.horizon).toBe(0);
    expect(log.head).toBe((await client.call('project.list', {}))[0]?.head);
    expect(log.timelines.find(({ branch }) => branch === 'clean')).toBeDefined();
    const entry = log.entries.find(({ lastLsn }) => lastLsn === head);
    expect(entry).toMatchObject({
      branch: 'clean',
      kind: 'writes',
      updates: 1,
      origin: { actor: 'bob', cell: 'c7', cellNumber: 7 }
    });
    const paged: number[] = [];
    let before: number | undefined;
    do {
      const page = await client.call('log', {
        project,
        ref: 'clean',
        limit: 1,
        ...(before === undefined ? {} : { before })
      });
      paged.push(...page.entries.map(({ lastLsn }) => lastLsn));
      before = page.next;
    } while (before !== undefined);
    expect(paged).toEqual([...paged].sort((a, b) => b - a));
    expect(paged[0]).toBe(head);

    const timeline = entry?.timeline ?? 0;
    const { changes } = await client.call('changes', { project, timeline, firstLsn: head, lastLsn: head });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      lsn: head,
      op: 'update',
      collection: 'users',
      id: { $numberInt: '1' }
    });
    expect(changes[0]?.fields).toEqual([
      { path: ['plan'], before: { type: 'string', value: 'free' }, after: { type: 'string', value: 'pro' } }
    ]);
    expect(await client.refusalCode('changes', { project, timeline: 4711, firstLsn: 1, lastLsn: 2 })).toBe(
      'REF_NOT_FOUND'
    );

    const { changes: versions, next } = await client.call('history', {
      project,
      ref: 'clean',
      collection: 'users',
      id: 1,
      limit: 1
    });
    expect(versions.map(({ lsn, op }) => [lsn, op])).toEqual([[head, 'update']]);
    const rest = await client.call('history', {
      project,
      ref: 'clean',
      collection: 'users',
      id: { $numberInt: '1' },
      before: next ?? 0
    });
    expect(rest.changes.map(({ op }) => op)).toEqual(['insert']);
    expect(rest.next).toBeUndefined();
    const oldest = rest.changes[0]?.lsn ?? 0;
    const after = async (lsn: number, limit: number) => {
      const page = await client.call('history', {
        project,
        ref: 'clean',
        collection: 'users',
        id: 1,
        after: lsn,
        limit
      });
      return { lsns: page.changes.map(change => change.lsn), newer: page.newer };
    };
    expect(await after(oldest, 5)).toEqual({ lsns: [head], newer: undefined });
    expect(await after(0, 1)).toEqual({ lsns: [oldest], newer: oldest });
    expect(await after(0, 2)).toEqual({ lsns: [head, oldest], newer: undefined });
    expect(await after(head, 2)).toEqual({ lsns: [], newer: undefined });
  });

  it('pages the changes of a timeline', async () => {
    await client.call('branch.create', { project, name: 'long' });
    await insert(
      bridge.engine,
      'long',
      'many',
      Array.from({ length: 25 }, (_, i) => ({ _id: i }))
    );
    const { timeline, head, fork } = await client.call('branch.get', { project, name: 'long' });
    const seen: number[] = [];
    let after: number | undefined;
    do {
      const page = await client.call('changes', {
        project,
        timeline,
        firstLsn: (fork?.lsn ?? 0) + 1,
        lastLsn: head,
        limit: 7,
        ...(after === undefined ? {} : { after })
      });
      seen.push(...page.changes.map(({ lsn }) => lsn));
      after = page.next;
    } while (after !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    // The collection came first, then its documents.
    expect(seen).toHaveLength(26);
    expect(seen.at(-1)).toBe(head);
  });

  it('tells what differs, in pages, and of one collection', async () => {
    const diff = await client.call('diff', { project, from: 'main', to: 'clean' });
    expect(diff.summary).toEqual([{ collection: 'users', added: 0, changed: 1, deleted: 0 }]);
    expect(diff.documents).toHaveLength(1);
    expect(diff.documents[0]).toMatchObject({ collection: 'users', id: { $numberInt: '1' }, op: 'update' });
    const first = await client.call('diff', { project, from: 'main', to: 'long', limit: 10 });
    expect(first.documents).toHaveLength(10);
    expect(first.summary).toEqual([{ collection: 'many', added: 25, changed: 0, deleted: 0 }]);
    const second = await client.call('diff', {
      project,
      from: 'main',
      to: 'long',
      limit: 100,
      after: first.next ?? ''
    });
    expect(second.documents).toHaveLength(15);
    expect(second.next).toBeUndefined();
    expect(
      (await client.call('diff', { project, from: 'main', to: 'long', collection: 'users' })).documents
    ).toEqual([]);
  });

  it('tells what two states have both changed, before a merge is planned', async () => {
    for (const branch of ['left', 'right']) {
      await client.call('branch.create', { project, name: branch, from: 'main' });
    }
    await replace(bridge.engine, 'left', 'users', { _id: 1, plan: 'left', n: 1 });
    await insert(bridge.engine, 'right', 'users', [{ _id: 3 }]);
    await replace(bridge.engine, 'right', 'users', { _id: 1, plan: 'right', n: 1 });
    const documents = [1, 2, 3].map(id => ({ collection: 'users', id: { $numberInt: String(id) } }));
    const found = await client.call('merge.overlap', { project, source: 'left', into: 'right', documents });
    const { lsn } = await client.call('ref.resolve', { project, ref: 'right' });
    expect(found).toMatchObject({
      into: `right@${lsn}`,
      base: expect.stringMatching(/^main@/) as string,
      documents: 1,
      asked: 1,
      more: false,
      marks: ['asked', 'none', 'none']
    });
    expect(
      await client.call('merge.overlap', { project, source: 'main', into: 'right', documents })
    ).toMatchObject({ documents: 0, marks: ['none', 'none', 'none'] });
    for (const name of ['left', 'right']) {
      await client.call('branch.delete', { project, name });
    }
  });

  it('shows documents of a state, and stops when it is told to', async () => {
    const users = { project, ref: 'clean', collection: 'users' };
    const page = await client.call('documents.find', { ...users, filter: { plan: 'pro' }, limit: 1 });
    expect(page).toMatchObject({ state: { branch: 'clean' }, documents: [{ document: { plan: 'pro' } }] });
    expect(await client.call('documents.count', users)).toMatchObject({ count: 2, exact: true });
    expect(await client.call('documents.statistics', users)).toMatchObject({ kind: 'collection', count: 2 });
    const compared = await client.call('documents.compare', {
      project,
      from: 'main',
      to: 'clean',
      collection: 'users'
    });
    expect(compared.documents.map(({ op }) => op)).toEqual(['update']);
    expect(await client.call('documents.cancel', { request: 'none' })).toEqual({ cancelled: false });
  });

  it('names states', async () => {
    const pin = await client.call('pin.create', { project, name: 'gold', ref: 'main' });
    expect(pin).toMatchObject({ name: 'gold', origin: { actor: expect.any(String) as string } });
    expect(await client.refusalCode('pin.create', { project, name: 'gold', ref: 'main' })).toBe('PIN_EXISTS');
    await client.call('pin.create', { project, name: 'gold', ref: 'main', ensure: true });
    expect(await client.call('pin.list', { project })).toHaveLength(1);
    const state = await client.call('ref.resolve', { project, ref: 'pin:gold' });
    expect(state).toMatchObject({ lsn: pin.lsn, writable: false });
    await client.call('pin.create', { project, name: 'lead', ref: 'main@1' });
    await client.call('pin.delete', { project, name: 'lead' });
    expect(await client.refusalCode('pin.delete', { project, name: 'lead' })).toBe('PIN_NOT_FOUND');
  });

  it('plans a merge, shows its conflicts, takes answers and applies it once', async () => {
    await replace(bridge.engine, 'main', 'users', { _id: 1, plan: 'team', n: 1 });
    await insert(bridge.engine, 'clean', 'users', [{ _id: 9, plan: 'new' }]);
    const plan = await client.call('merge.plan', { project, source: 'clean', into: 'main' });
    expect(plan).toMatchObject({ kind: 'merge', state: 'open', into: 'main', conflicts: 1, unanswered: 1 });
    const { conflicts } = await client.call('plan.conflicts', { project, id: plan.id });
    expect(conflicts).toHaveLength(1);
    const [conflict] = conflicts;
    expect(conflict).toMatchObject({
      collection: 'users',
      document: { $numberInt: '1' },
      path: ['plan'],
      base: { type: 'string', value: 'free' },
      ours: { value: 'team' },
      theirs: { value: 'pro' }
    });
    const id = conflict?.id ?? '';
    expect(await client.refusalCode('plan.apply', { project, id: plan.id })).toBe('PLAN_UNANSWERED');
    for (const answer of [{}, { take: 'ours', missing: true }, { missing: false }]) {
      expect(
        await client.refusalCode('plan.answer', { project, id: plan.id, answers: [{ conflict: id, answer }] })
      ).toBe('BAD_REQUEST');
    }
    const byRule = await client.call('plan.answer', { project, id: plan.id, all: 'theirs' });
    expect(byRule.unanswered).toBe(0);
    const again = await client.call('plan.answer', {
      project,
      id: plan.id,
      answers: [{ conflict: id, answer: null }]
    });
    expect(again.unanswered).toBe(1);
    await client.call('plan.answer', {
      project,
      id: plan.id,
      answers: [{ conflict: id, answer: { value: { $numberLong: '42' } } }]
    });
    const answered = await client.call('plan.conflicts', { project, id: plan.id });
    expect(answered.conflicts[0]?.answer).toEqual({ value: { $numberLong: '42' } });
    const documents = await client.call('plan.documents', { project, id: plan.id });
    expect(documents.documents.map(({ op }) => op).sort()).toEqual(['insert', 'update']);
    const paged: unknown[] = [];
    let after: string | undefined;
    do {
      const page = await client.call('plan.documents', {
        project,
        id: plan.id,
        limit: 1,
        ...(after === undefined ? {} : { after })
      });
      paged.push(...page.documents);
      after = page.next;
    } while (after !== undefined);
    expect(paged).toEqual(documents.documents);

    const applied = await client.call('plan.apply', { project, id: plan.id });
    expect(applied.state).toBe('applied');
    expect(applied.appliedAs?.lastLsn).toBe(
      (await client.call('branch.get', { project, name: 'main' })).head
    );
    expect(await client.refusalCode('plan.apply', { project, id: plan.id })).toBe('PLAN_APPLIED');
    expect(await client.call('plan.get', { project, id: plan.id })).toMatchObject({ state: 'applied' });
    expect(await client.call('plan.list', { project, state: 'applied' })).toHaveLength(1);
    expect(await client.call('plan.list', { project, state: 'open' })).toHaveLength(0);
    expect(await client.refusalCode('plan.get', { project, id: 'none' })).toBe('PLAN_NOT_FOUND');
    const state = bridge.engine.resolve(project, 'main');
    const users = state.collection('users');
    const merged = users && state.get(users, keyOf(1));
    expect(merged?.equals(bson({ _id: 1, plan: 42n, n: 1 }))).toBe(true);
    const clean = await client.call('branch.get', { project, name: 'clean' });
    expect(clean.mergedAt).toBe(applied.appliedAs?.lastLsn);
  });

  it('plans an undo of a range, of an actor and of a cell', async () => {
    const origin = { actor: 'eve', session: 'k1', cell: 'cx', cellNumber: 3 };
    await write(
      bridge.engine,
      'long',
      writer => writer.remove(writer.ensureCollection('many'), keyOf(1)),
      origin
    );
    const { head } = await client.call('branch.get', { project, name: 'long' });
    for (const what of [
      { firstLsn: head, lastLsn: head },
      { actor: 'eve' },
      { cell: 'cx' },
      { cellNumber: 3 }
    ]) {
      const plan = await client.call('undo.plan', { project, branch: 'long', ...what });
      expect(plan).toMatchObject({ kind: 'undo', into: 'long', conflicts: 0 });
      expect(plan.summary).toMatchObject([{ collection: 'many', added: 1 }]);
    }
    const plan = await client.call('undo.plan', { project, branch: 'long', actor: 'eve' });
    await client.call('plan.apply', { project, id: plan.id });
    const log = await client.call('log', { project, ref: 'long', limit: 1 });
    expect(log.entries[0]).toMatchObject({ kind: 'undo', inserts: 1 });
    for (const what of [
      {},
      { firstLsn: 5 },
      { firstLsn: 5, lastLsn: 4 },
      { session: undefined, lastLsn: 4 }
    ]) {
      expect(await client.refusalCode('undo.plan', { project, branch: 'long', ...what })).toBe('BAD_REQUEST');
    }
    expect(await client.refusalCode('undo.plan', { project, branch: 'long', actor: 'nobody' })).toBe(
      'NOTHING_TO_DO'
    );
  });

  it('previews and applies a restore, and keeps what it discards', async () => {
    const { head } = await client.call('branch.get', { project, name: 'long' });
    // LSNs are counted per project: other branches have some in between.
    const { entries } = await client.call('log', { project, ref: 'long' });
    const loaded = entries.find(({ inserts }) => inserts === 25)?.lastLsn ?? 0;
    const to = `long@${loaded}`;
    const preview = await client.call('restore.preview', { project, branch: 'long', to });
    expect(preview).toMatchObject({ branch: 'long', changes: 2, from: { lsn: head }, to: { lsn: loaded } });
    expect(preview.discarded.map(({ kind }) => kind)).toEqual(['undo', 'writes']);
    // One delete and its undo: nothing is left to differ.
    expect(preview.diff.documents).toEqual([]);
    const inside = await client.call('restore.preview', {
      project,
      branch: 'long',
      to: `long@${loaded - 3}`
    });
    expect(inside.changes).toBe(5);
    expect(inside.discarded.at(-1)).toMatchObject({ firstLsn: loaded - 2, lastLsn: loaded, inserts: 3 });
    expect(inside.diff.summary).toEqual([{ collection: 'many', added: 0, changed: 0, deleted: 3 }]);
    const elsewhere = await client.call('restore.preview', { project, branch: 'long', to: 'main' });
    expect(elsewhere.changes).toBe(28);

    const { branch, backup } = await client.call('restore.apply', { project, branch: 'long', to });
    expect(branch).toMatchObject({ name: 'long', head: loaded });
    expect(backup).toBe(preview.backup);
    expect(await client.call('branch.get', { project, name: backup })).toMatchObject({
      backupOf: 'long',
      head
    });
  });

  it('picks a range of changes onto another branch', async () => {
    await client.call('branch.create', { project, name: 'picked', from: 'main@0' });
    await client.call('branch.create', { project, name: 'elsewhere', from: 'main@0' });
    for (const _id of [1, 2, 3]) {
      await insert(bridge.engine, 'elsewhere', 'cards', [{ _id, n: _id }]);
    }
    const { head } = await client.call('branch.get', { project, name: 'elsewhere' });
    const what = { project, source: 'elsewhere', into: 'picked' };
    const plan = await client.call('pick.plan', { ...what, firstLsn: head - 1, lastLsn: head - 1 });
    expect(plan).toMatchObject({ kind: 'pick', into: 'picked', conflicts: 0 });
    // The collection was not there: it is made with what is picked.
    expect(plan.summary).toMatchObject([{ collection: '(catalog)' }, { collection: 'cards', added: 1 }]);
    await client.call('plan.apply', { project, id: plan.id });
    const state = bridge.engine.resolve(project, 'picked');
    const cards = state.collection('cards')!;
    expect([1, 2, 3].map(id => state.get(cards, keyOf(id)) !== undefined)).toEqual([false, true, false]);
    expect(await client.refusalCode('pick.plan', what)).toBe('BAD_REQUEST');
    expect(await client.refusalCode('pick.plan', { ...what, actor: 'nobody' })).toBe('NOTHING_TO_DO');
  });

  it('makes a plan again at the new heads, whatever its kind', async () => {
    const { engine } = bridge;
    const into = 'moving';
    await client.call('branch.create', { project, name: into, from: 'main@0' });
    for (const _id of [1, 2, 3]) {
      await insert(engine, into, 'coins', [{ _id, n: _id }]);
    }
    const { head: before } = await client.call('branch.get', { project, name: into });
    await client.call('branch.create', { project, name: 'source', from: into });
    await insert(engine, 'source', 'coins', [{ _id: 9, n: 9 }]);
    const { head: picked } = await client.call('branch.get', { project, name: 'source' });
    const range = { firstLsn: before, lastLsn: before };
    const plans = [
      await client.call('merge.plan', { project, source: 'source', into }),
      await client.call('merge.plan', { project, source: `source@${picked}`, into }),
      await client.call('undo.plan', { project, branch: into, ...range }),
      await client.call('pick.plan', { project, source: 'source', into, firstLsn: picked, lastLsn: picked }),
      await client.call('restore.plan', { project, branch: into, to: `${into}@${before - 1}` }),
      await client.call('restore.plan', {
        project,
        branch: into,
        to: `${into}@${before - 1}`,
        collection: 'coins',
        ids: [{ $numberInt: '3' }]
      })
    ];
    // The newest of the source is merged again; what was named stays what it was.
    await insert(engine, 'source', 'coins', [{ _id: 10, n: 10 }]);
    await insert(engine, into, 'coins', [{ _id: 4, n: 4 }]);
    const { head } = await client.call('branch.get', { project, name: into });
    const coins = { added: 0, changed: 0, deleted: 0, conflicts: 0, collection: 'coins' };
    const summaries = [
      { ...coins, added: 2 },
      { ...coins, added: 1 },
      { ...coins, deleted: 1 },
      { ...coins, added: 1 },
      { ...coins, deleted: 2 },
      { ...coins, deleted: 1 }
    ];
    for (const [index, plan] of plans.entries()) {
      expect(await client.call('plan.get', { project, id: plan.id })).toMatchObject({ state: 'stale' });
      expect(await client.refusalCode('plan.apply', { project, id: plan.id })).toBe('PLAN_STALE');
      const again = await client.call('plan.again', { project, id: plan.id });
      const source = index === 0 ? `source@${picked + 1}` : plan.source;
      expect(again).toMatchObject({ kind: plan.kind, source, into, intoLsn: head, state: 'open' });
      expect(again.id).not.toBe(plan.id);
      expect(again.summary).toEqual([summaries[index]]);
      expect(await client.call('plan.get', { project, id: plan.id })).toMatchObject({ state: 'stale' });
    }
    expect(await client.refusalCode('plan.again', { project, id: 'p-none' })).toBe('PLAN_NOT_FOUND');
  });

  it('gives documents back what they were by a plan', async () => {
    const before = (await client.call('branch.get', { project, name: 'elsewhere' })).head;
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 1, n: 10 });
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 2, n: 20 });
    const to = `elsewhere@${before}`;
    const one = { project, branch: 'elsewhere', to, collection: 'cards', ids: [{ $numberInt: '1' }] };
    const plan = await client.call('restore.plan', one);
    expect(plan).toMatchObject({ kind: 'restore', summary: [{ collection: 'cards', changed: 1 }] });
    const applied = await client.call('plan.apply', { project, id: plan.id });
    expect(applied.backup).toMatch(/elsewhere/);
    const state = bridge.engine.resolve(project, 'elsewhere');
    expect(state.get(state.collection('cards')!, keyOf(1))?.equals(bson({ _id: 1, n: 1 }))).toBe(true);
    expect(state.get(state.collection('cards')!, keyOf(2))?.equals(bson({ _id: 2, n: 20 }))).toBe(true);
    expect(await client.refusalCode('restore.plan', one)).toBe('NOTHING_TO_DO');
    expect(await client.refusalCode('restore.plan', { ...one, collection: 'none' })).toBe(
      'COLLECTION_NOT_FOUND'
    );
    const { collection: _, ...nowhere } = one;
    expect(await client.refusalCode('restore.plan', nowhere)).toBe('BAD_REQUEST');
  });

  it('says who gave each field its value, which cell and which run, page by page', async () => {
    const [by, cell] = [{ actor: 'ida', notebook: 'a.ipynb', cell: 'c1', cellNumber: 7 }, '7'];
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 3, n: 30, at: { x: 1, y: 2 } }, by);
    const facts = { notebook: 'a.ipynb', cell: 'c1', cellNumber: cell };
    await client.call('run.register', { project, run: 'by-c1', ref: 'elsewhere', facts });
    await client.call('run.register', {
      project,
      run: 'other',
      ref: 'elsewhere',
      facts: { ...facts, cellNumber: '8' }
    });
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 3, n: 30, at: { x: 1, y: 5 } });
    const { head } = await client.call('branch.get', { project, name: 'elsewhere' });
    const of = { project, ref: 'elsewhere', collection: 'cards', id: { $numberInt: '3' } };
    const { fields, state } = await client.call('blame', of);
    expect(state.lsn).toBe(head);
    expect(fields.map(({ path, lsn }) => [path.join('.'), lsn])).toEqual([
      ['_id', expect.any(Number)],
      ['n', head - 1],
      ['at.x', head - 1],
      ['at.y', head]
    ]);
    expect(fields[1]).toMatchObject({ exact: true, origin: by, runs: ['by-c1'], value: { type: 'int' } });
    expect(fields[3]).toMatchObject({ runs: [] });
    const below = await client.call('blame', { ...of, path: ['at'], limit: 1 });
    expect(below).toMatchObject({ fields: [{ path: ['at', 'x'] }], next: 1 });
    const rest = await client.call('blame', { ...of, path: ['at'], after: 1 });
    expect(rest.fields.map(({ path }) => path)).toEqual([['at', 'y']]);
    expect('next' in rest).toBe(false);
    expect((await client.call('blame', { ...of, path: ['nothing'] })).fields).toEqual([]);
    expect(await client.refusalCode('blame', { ...of, collection: 'none' })).toBe('COLLECTION_NOT_FOUND');
  });

  it('feeds changes from any LSN on, each once, and waits for the next', async () => {
    const { head } = await client.call('branch.get', { project, name: 'elsewhere' });
    const told: number[] = [];
    for (let after = 0; ;) {
      const page = await client.call('feed', { project, after, limit: 7 });
      told.push(...page.changes.map(({ lsn }) => lsn));
      if (page.upTo === page.head) {
        break;
      }
      after = page.upTo;
    }
    expect(told).toEqual(Array.from({ length: told.length }, (_, i) => i + 1));
    expect(told.at(-1)).toBeGreaterThanOrEqual(head);
    const cards = await client.call('feed', { project, after: 0, branch: 'elsewhere', collection: 'cards' });
    expect(cards.changes.every(({ collection }) => collection === 'cards')).toBe(true);
    expect(cards.changes.at(-1)).toMatchObject({ lsn: head, op: 'update', kind: 'writes' });
    expect(cards.changes.at(-1)?.fields.map(({ path }) => path.join('.'))).toEqual(['at.y']);
    const made = await client.call('feed', { project, after: 0, branch: 'elsewhere' });
    expect(made.changes).toContainEqual(
      expect.objectContaining({ catalog: true, collection: 'cards', id: 'cards', op: 'insert' })
    );
    const next = client.call('feed', { project, after: head, branch: 'elsewhere', waitMs: 20_000 });
    await insert(bridge.engine, 'main', 'users', [{ _id: 'not told' }]);
    await insert(bridge.engine, 'elsewhere', 'cards', [{ _id: 4 }]);
    expect((await next).changes.map(({ collection, op }) => [collection, op])).toEqual([['cards', 'insert']]);
    const { upTo } = await next;
    expect(await client.call('feed', { project, after: upTo, waitMs: 1 })).toMatchObject({
      changes: [],
      upTo
    });
    expect(await client.refusalCode('feed', { project, after: 1e6 })).toBe('LSN_IN_FUTURE');
    expect(await client.refusalCode('feed', { project, after: 0, branch: 'none' })).toBe('BRANCH_NOT_FOUND');
  });

  it('answers conflicts by rules, and asks a protected branch for its checks', async () => {
    await client.call('branch.create', { project, name: 'ruled', from: 'elsewhere' });
    await replace(bridge.engine, 'ruled', 'cards', { _id: 1, n: 100, note: 'r' });
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 1, n: 200, note: 'e' });
    const plan = await client.call('merge.plan', { project, source: 'ruled', into: 'elsewhere' });
    const { id } = plan;
    expect(plan).toMatchObject({ conflicts: 2, unanswered: 2 });
    const other = await client.call('plan.answer', {
      project,
      id,
      rules: [{ take: 'ours', collection: 'none' }]
    });
    expect(other.unanswered).toBe(2);
    const ruled = await client.call('plan.answer', {
      project,
      id,
      rules: [{ take: 'newest' }, { take: 'theirs', collection: 'cards', path: ['note'] }]
    });
    expect(ruled.unanswered).toBe(0);
    const both = { project, id, all: 'ours' as const, rules: [] };
    expect(await client.refusalCode('plan.answer', both)).toBe('BAD_REQUEST');

    const checked = await client.call('branch.protect', {
      project,
      name: 'elsewhere',
      protect: true,
      checks: ['schema']
    });
    expect(checked).toMatchObject({ isProtected: true, checks: ['schema'] });
    expect(await client.refusalCode('plan.apply', { project, id })).toBe('CHECKS_MISSING');
    const failed = await client.call('plan.check', {
      project,
      id,
      name: 'schema',
      passed: false,
      detail: 'n < 0'
    });
    expect(failed.checks).toMatchObject([{ name: 'schema', passed: false, detail: 'n < 0' }]);
    expect(await client.refusalCode('plan.apply', { project, id })).toBe('CHECKS_MISSING');
    await client.call('plan.check', { project, id, name: 'schema', passed: true });
    expect(await client.call('plan.apply', { project, id })).toMatchObject({ state: 'applied' });
    const state = bridge.engine.resolve(project, 'elsewhere');
    expect(state.get(state.collection('cards')!, keyOf(1))?.equals(bson({ _id: 1, n: 200, note: 'r' }))).toBe(
      true
    );
    await client.call('branch.protect', { project, name: 'elsewhere', protect: false });
  });

  it('finds the runs whose state held a version of a document', async () => {
    const { head } = await client.call('branch.get', { project, name: 'elsewhere' });
    await client.call('run.register', { project, run: 'before', ref: `elsewhere@${head}` });
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 2, n: -1 });
    const bad = (await client.call('branch.get', { project, name: 'elsewhere' })).head;
    await client.call('run.register', { project, run: 'bad', ref: 'elsewhere' });
    await insert(bridge.engine, 'elsewhere', 'cards', [{ _id: 'beside' }]);
    await client.call('run.register', { project, run: 'bad too', ref: 'elsewhere' });
    await replace(bridge.engine, 'elsewhere', 'cards', { _id: 2, n: 2 });
    await client.call('run.register', { project, run: 'mended', ref: 'elsewhere' });
    await client.call('run.register', { project, run: 'main only', ref: 'main' });
    const ids = async (what: { lsn?: number; collection?: string; id?: unknown }) =>
      (await client.call('run.affected', { project, ...what })).runs.map(({ run }) => run.id).sort();
    expect(await ids({ lsn: bad })).toEqual(['bad', 'bad too']);
    const all = await client.call('run.affected', { project, collection: 'cards', id: { $numberInt: '2' } });
    const versions = new Map(all.runs.map(({ run, version }) => [run.id, version]));
    expect([versions.get('bad'), versions.get('bad too')]).toEqual([bad, bad]);
    expect([versions.get('before')! < bad, versions.get('mended')! > bad]).toEqual([true, true]);
    expect(versions.has('main only')).toBe(false);
    const paged: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await client.call('run.affected', {
        project,
        lsn: bad,
        limit: 1,
        ...(after === undefined ? {} : { after })
      });
      paged.push(...page.runs.map(({ run }) => run.id));
      if (page.next === undefined) {
        break;
      }
      after = page.next;
    }
    expect(paged.sort()).toEqual(['bad', 'bad too']);
    for (const what of [{}, { lsn: 1, collection: 'cards', id: 1 }, { collection: 'cards' }]) {
      expect(await client.refusalCode('run.affected', { project, ...what })).toBe('BAD_REQUEST');
    }
    expect(await client.refusalCode('run.affected', { project, lsn: 1e6 })).toBe('LSN_IN_FUTURE');
  });

  it('remembers runs', async () => {
    const run = await client.call('run.register', {
      project,
      run: 'r1',
      ref: 'main',
      facts: { name: 'first' }
    });
    expect(run).toMatchObject({ id: 'r1', project, branch: 'main', facts: { name: 'first' } });
    expect(run.digest).toMatch(/^[0-9a-f]{32}$/);
    await client.call('run.register', { project, run: 'r2', ref: 'clean' });
    expect(
      await client.call('run.update', { project, run: 'r1', facts: { status: 'FINISHED' } })
    ).toMatchObject({
      facts: { name: 'first', status: 'FINISHED' }
    });
    const { state } = await client.call('run.get', { run: 'r1' });
    expect(state).toMatchObject({ project, lsn: run.lsn, writable: false });
    const ids = async (filter: object) =>
      (await client.call('run.list', { project, ...filter })).runs.map(({ id }) => id);
    expect(new Set(await ids({}))).toEqual(
      new Set(['r1', 'r2', 'by-c1', 'other', 'before', 'bad', 'bad too', 'mended', 'main only'])
    );
    expect(await ids({ branch: 'clean' })).toEqual(['r2']);
    expect(await ids({ firstLsn: run.lsn, lastLsn: run.lsn })).toEqual(['r1', 'main only']);
    expect(await ids({ limit: 1 })).toHaveLength(1);
    const whole = await ids({});
    const paged: string[] = [];
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const page = await client.call('run.list', { project, limit: 2, ...(after && { after }) });
      expect(page.total).toBe(whole.length);
      paged.push(...page.runs.map(({ id }) => id));
      after = page.next;
    }
    expect(paged).toEqual(whole);
    expect(await client.refusalCode('run.list', { project, after: 'none' })).toBe('RUN_NOT_FOUND');
    const facts = { cellNumber: '77', model: 'penguins-forest', 'metric.auc': '0.93', 'metric.odd': 'much' };
    await client.call('run.update', { project, run: 'r1', facts });
    await client.call('run.update', { project, run: 'r2', facts: { 'metric.auc': '0.5' } });
    expect(await ids({ cell: 77 })).toEqual(['r1']);
    expect(await ids({ model: 'forest' })).toEqual(['r1']);
    expect(await ids({ search: 'r1' })).toEqual(['r1']);
    expect(await ids({ search: 'irs' })).toEqual(['r1']);
    const auc = (is: string, value: number, name = 'auc') => ids({ metrics: [{ name, is, value }] });
    expect(await auc('>', 0.9)).toEqual(['r1']);
    expect(await auc('>=', 0.93)).toEqual(['r1']);
    expect(await auc('<', 0.93)).toEqual(['r2']);
    expect(await auc('<=', 0.4)).toEqual([]);
    expect(await auc('=', 0.5)).toEqual(['r2']);
    expect(await auc('!=', 0.5)).toEqual(['r1']);
    expect(await auc('!=', 1, 'odd')).toEqual([]);
    expect(
      await client.refusalCode('run.list', { project, metrics: [{ name: 'auc', is: '~', value: 1 }] })
    ).toBe('BAD_REQUEST');
    expect(await client.refusalCode('run.get', { run: 'none' })).toBe('RUN_NOT_FOUND');
    const long = { project, run: 'r1', facts: { note: 'x'.repeat(10_000) } };
    expect(await client.refusalCode('run.update', long)).toBe('LIMIT_EXCEEDED');
    expect(run).not.toHaveProperty('releasedAt');
    const { releasedAt } = await client.call('run.release', { project, run: 'r2' });
    expect(Date.parse(releasedAt!)).toBeGreaterThanOrEqual(Date.parse(run.createdAt));
    expect(await client.refusalCode('run.release', { project, run: 'none' })).toBe('RUN_NOT_FOUND');
  });

  it('tells which data led to which model', async () => {
    const facts = { notebook: 'a.ipynb', cell: 'c9', cellNumber: '9', 'registered.risk/2': 'champion' };
    await client.call('run.register', { project, run: 'modelled', ref: 'main', facts });
    const graph = await client.call('lineage.graph', { project, search: 'MODELLED' });
    const [run, [cell], [model], [data]] = [graph.runs[0]!, graph.cells, graph.models, graph.data];
    expect(graph).toMatchObject({ project, total: 1, branches: expect.arrayContaining(['clean', 'main']) });
    expect(run).toMatchObject({ data: data!.key, cell: cell!.key, run: { id: 'modelled' } });
    expect(cell).toMatchObject({ data: [data!.key], notebook: 'a.ipynb', cell: 'c9', cellNumber: 9 });
    expect(model).toMatchObject({ run: run.key, name: 'risk', version: '2', aliases: ['champion'] });
    const { collections } = await client.call('ref.collections', { project, ref: data!.ref });
    expect(data!.documents).toBe(collections.reduce((total, { count }) => total + count, 0));
    expect(graph).not.toHaveProperty('next');
  });

  it('keeps sessions', async () => {
    const opened = await client.call('session.open', {
      id: 'kernel-1',
      kernel: 'python3',
      notebook: 'a.ipynb',
      actor: 'ann',
      project
    });
    expect(opened).toMatchObject({ id: 'kernel-1', branch: 'main', writable: true, connected: true });
    const moved = await client.call('session.checkout', { id: 'kernel-1', ref: 'clean' });
    expect(moved).toMatchObject({ branch: 'clean', ref: 'clean', writable: true, database: 'shop@clean' });
    await client.call('session.cell', { id: 'kernel-1', cell: { id: 'c1', number: 4 } });
    expect(await client.call('session.get', { id: 'kernel-1' })).toMatchObject({ cell: 'c1' });
    const ended = await client.call('session.cell', { id: 'kernel-1', cell: null });
    expect(ended).toMatchObject({ cell: 'c1', cellNumber: 4, reads: [], writes: [], runs: [] });
    expect(await client.call('session.cell', { id: 'kernel-1', cell: null })).toBeNull();
    expect(await client.call('session.cells', { id: 'kernel-1' })).toHaveLength(1);
    expect(await client.call('session.stale', { id: 'kernel-1' })).toEqual({ stale: [], plan: [] });
    expect(await client.call('session.list', {})).toHaveLength(1);
    await client.call('session.close', { id: 'kernel-1' });
    expect(await client.refusalCode('session.get', { id: 'kernel-1' })).toBe('SESSION_NOT_FOUND');
  });

  it('keeps the data directory: retention, garbage, verification, backups', async () => {
    expect(await client.call('keeping.retention', { project })).toEqual({});
    const wanted = { keepSeconds: 3600, keepLsns: 5 };
    expect(await client.call('keeping.setRetention', { project, ...wanted })).toEqual(wanted);
    expect(await client.call('keeping.retention', { project, branch: 'main' })).toEqual({});
    expect(await client.refusalCode('keeping.retention', { project, branch: 'none' })).toBe(
      'BRANCH_NOT_FOUND'
    );
    const shown = await client.call('keeping.gc', { keepLsns: 2 });
    expect(shown.dryRun).toBe(true);
    expect(shown.rows.versions).toBeGreaterThan(0);
    expect(shown.kept.map(({ kind, name }) => `${kind} ${name}`)).toContain('head main');
    const [before] = (await client.call('keeping.gc', { project })).horizons;
    expect(before).toBeUndefined();
    const done = await client.call('keeping.gc', { project, keepLsns: 2, apply: true });
    expect({ dryRun: done.dryRun, rows: done.rows }).toEqual({ dryRun: false, rows: shown.rows });
    expect(done.horizons.find(({ branch }) => branch === 'main')?.lsn).toBeGreaterThan(0);
    expect(await client.refusalCode('ref.resolve', { project, ref: 'main@1' })).toBe('HISTORY_GONE');
    expect(await client.refusalCode('keeping.gc', { project: 'none' })).toBe('PROJECT_NOT_FOUND');
    expect(await client.call('keeping.automatic', {})).toMatchObject({ automatic: true, running: false });
    expect(await client.call('keeping.automatic', { enabled: false })).toMatchObject({ automatic: false });
    const { storage, keeping } = await client.call('status', {});
    expect(keeping.automatic).toBe(false);
    expect(storage.liveBytes).toBeGreaterThan(0);
    expect(storage.logBytes + storage.coldBytes).toBeGreaterThan(storage.liveBytes);
    const { stateBytes, stateFreeBytes } = await client.call('keeping.compact', {});
    expect(stateBytes).toBeGreaterThan(stateFreeBytes);
    const verified = await client.call('keeping.verify', {});
    expect(verified).toMatchObject({ problems: [], complete: true });
    expect(verified.checked['versions']).toBeGreaterThan(0);
    expect(await client.refusalCode('keeping.backup', { folder: 'relative' })).toBe('BAD_REQUEST');
    const folder = mkdtempSync(join(tmpdir(), 'argon-backup-'));
    const first = await client.call('keeping.backup', { folder });
    expect(first.copiedFiles).toBe(first.files);
    expect((await client.call('keeping.backup', { folder })).copiedFiles).toBeLessThanOrEqual(1);
    rmSync(folder, { recursive: true, force: true });
  });

  it('subscribes, unsubscribes, and asks for the end', async () => {
    const { subscription } = await client.call('subscribe', { project });
    expect(await client.refusalCode('subscribe', { project: 'none' })).toBe('PROJECT_NOT_FOUND');
    await client.call('unsubscribe', { subscription });
    expect(await client.refusalCode('unsubscribe', { subscription })).toBe('BAD_REQUEST');
    await client.call('shutdown', {});
    expect(bridge.shutdowns()).toBe(1);
  });

  it('deletes a project only when its name is said twice', async () => {
    expect(await client.refusalCode('project.delete', { name: project, confirm: 'shp' })).toBe('BAD_REQUEST');
    await client.call('project.delete', { name: project, confirm: project });
    expect(await client.call('project.list', {})).toEqual([]);
  });

  it('was called by every name', () => {
    expect([...CALLED].sort()).toEqual(Object.keys(PARAMS_SCHEMAS).sort());
    expect(bridge.log.filter(line => line.includes('"error"'))).toEqual([]);
  });
});
