import { nullTranslator } from '@jupyterlab/translation';
import { ArgonClient } from '../client/client';
import type { Session } from '../client/protocol';
import { statusText } from '../statusbar/status';
import { FakeServer, settle } from '../testing/fakeServer';
import { Penguins } from '../testing/penguins';
import { Workspace } from './workspace';

const trans = nullTranslator.load('jupyterlab_argon');
const story = Penguins.story(Date.now());
const [session] = story.sessions;

describe('Workspace', () => {
  let server: FakeServer;
  let workspace: Workspace;

  beforeEach(async () => {
    server = new FakeServer();
    const project = (name: string) => ({ name, head: 1892, defaultBranch: 'main', createdAt: '' });
    server.answers['project.list'] = () => [project('flights'), project('penguins')];
    server.answers['session.list'] = () => [session];
    server.answers['log'] = () => ({
      entries: story.entries,
      timelines: story.timelines,
      horizon: 0,
      head: 1892
    });
    server.answers['branch.list'] = () => ({ branches: story.branches, total: story.branches.length });
    server.answers['pin.list'] = () => story.pins;
    server.answers['run.list'] = () => ({ runs: story.runs, total: story.runs.length });
    const client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    workspace = new Workspace(client);
    await client.need();
    await settle();
  });

  afterEach(() => {
    workspace.client.dispose();
    workspace.dispose();
  });

  const inNotebook = () => {
    workspace.notebook = { path: '02-clean-nulls.ipynb', kernel: 'kernel-1' };
  };

  it('means the session of the current kernel, and its project', () => {
    expect(workspace.session).toBeUndefined();
    expect(workspace.projectName).toBe('flights');
    inNotebook();
    expect(workspace.session?.id).toBe('s-1');
    expect(workspace.projectName).toBe('penguins');
    expect(statusText(workspace, trans)).toBe('penguins/clean-nulls@1204 · 12 ahead · 3 behind main');
  });

  it('does not take the session of another kernel of the same notebook', () => {
    workspace.notebook = { path: '02-clean-nulls.ipynb', kernel: 'kernel-2' };
    expect(workspace.session).toBeUndefined();
    expect(statusText(workspace, trans)).toBe('');
  });

  it('looks at a project that was picked, and the session stays where it is', () => {
    inNotebook();
    workspace.pickProject('flights');
    expect(workspace.projectName).toBe('flights');
    expect(workspace.session?.project).toBe('penguins');
    expect(workspace.sessionHere).toBeUndefined();
  });

  it('moves with each commit on the branch of the session, at once', () => {
    inNotebook();
    const entry = { ...story.entries[2]!, firstLsn: 1893, lastLsn: 1893 };
    server.tell({ type: 'commit', project: 'penguins', branch: 'clean-nulls', lsn: 1893, entry });
    expect(workspace.session?.lsn).toBe(1893);
    server.tell({ type: 'commit', project: 'penguins', branch: 'main', lsn: 1894, entry });
    expect(workspace.session?.lsn).toBe(1893);
  });

  it('follows checkouts, and forgets sessions that close or lose their kernel', () => {
    inNotebook();
    const moved: Session = { ...session!, branch: 'main', ref: 'main@353', lsn: 353, writable: false };
    server.tell({ type: 'session', op: 'checkout', session: moved });
    expect(statusText(workspace, trans)).toContain('penguins/main@353');
    expect(statusText(workspace, trans)).toContain('read-only');
    server.tell({ type: 'session', op: 'open', session: { ...moved, connected: false } });
    expect(workspace.session).toBeUndefined();
  });

  it('reads a project only while someone looks', async () => {
    inNotebook();
    const logs = () => server.calls.filter(call => call.method === 'log').length;
    expect(logs()).toBe(0);
    workspace.isWatched = true;
    await settle();
    expect(logs()).toBe(1);
    expect(workspace.project?.history.entries).toHaveLength(16);
    workspace.isWatched = false;
    const entry = { ...story.entries[2]!, firstLsn: 1893, lastLsn: 1893 };
    server.tell({ type: 'commit', project: 'penguins', branch: 'clean-nulls', lsn: 1893, entry });
    expect(workspace.project?.history.head).toBe(1892);
    workspace.isWatched = true;
    await settle();
    expect(logs()).toBe(2);
  });
});
