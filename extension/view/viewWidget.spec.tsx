import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ArgonClient } from '../client/client';
import { DataWidget } from '../data/dataWidget';
import { DiffWidget } from '../diff/diffWidget';
import { HistoryWidget } from '../documentHistory/historyWidget';
import { LineageWidget } from '../lineage/lineageWidget';
import { MergeWidget } from '../merge/mergeWidget';
import { Workspace } from '../model/workspace';
import { FakeServer, settle } from '../testing/fakeServer';
import { USUAL_VIEW_SETTINGS, type IViewContext } from './viewContext';
import type { ViewModel } from './viewModel';
import type { ViewWidget } from './viewWidget';

const PROJECT = 'penguins';
const PLACE = { project: PROJECT, ref: 'main@60', collection: 'penguins', id: 'G027' };

describe('a view of the main area', () => {
  let context: IViewContext;
  let server: FakeServer;
  let workspace: Workspace;
  let widget: ViewWidget<ViewModel>;

  beforeAll(() => {
    globalThis.ResizeObserver ??= class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    };
  });

  beforeEach(async () => {
    server = new FakeServer();
    const client = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    workspace = new Workspace(client);
    context = {
      client,
      workspace,
      commands: new CommandRegistry(),
      trans: nullTranslator.load('jupyterlab_argon'),
      openCell: () => undefined,
      copy: () => undefined,
      insertCell: () => Promise.resolve(undefined),
      settings: () => USUAL_VIEW_SETTINGS
    };
    await client.need();
  });

  afterEach(() => {
    widget.dispose();
    context.client.dispose();
    workspace.dispose();
  });

  const show = async (made: ViewWidget<ViewModel>): Promise<string> => {
    widget = made;
    Widget.attach(widget, document.body);
    await widget.renderPromise;
    await settle();
    MessageLoop.flush();
    await widget.renderPromise;
    return widget.node.textContent ?? '';
  };

  it.each<[string, (of: IViewContext) => ViewWidget<ViewModel>, string]>([
    ['diff', of => new DiffWidget({ context: of, project: PROJECT, from: 'main', to: 'x' }), 'Diff main → x'],
    [
      'merge',
      of => new MergeWidget({ context: of, project: PROJECT, source: 'x@9', into: 'main' }),
      'Merge x → main'
    ],
    ['plan', of => new MergeWidget({ context: of, project: PROJECT, plan: 'p-1' }), 'Plan p-1'],
    [
      'data',
      of => new DataWidget({ context: of, query: { project: PROJECT, ref: 'main', collection: 'users' } }),
      'users · main'
    ],
    ['history', of => new HistoryWidget({ context: of, place: PLACE, view: 'history' }), 'History of G027'],
    ['lineage', of => new LineageWidget({ context: of, project: PROJECT }), `Lineage of ${PROJECT}`]
  ])('has its title, says what went wrong, and lets its model go with it: %s', async (_, make, label) => {
    const text = await show(make(context));
    expect(widget.title.label).toBe(label);
    expect(widget.title.closable).toBe(true);
    expect(widget.query).toMatchObject({ project: PROJECT });
    // The server knows none of the methods.
    expect(text).toContain('METHOD_NOT_FOUND');
    const { model } = widget;
    widget.dispose();
    expect(model.isDisposed).toBe(true);
    expect(widget.isDisposed).toBe(true);
    widget.dispose();
  });

  it('tells when something else is shown, and only then', async () => {
    const data = new DataWidget({ context, query: { project: PROJECT, ref: 'main', collection: 'users' } });
    await show(data);
    let told = 0;
    data.queryChanged.connect(() => told++);
    data.model.filter = '{ a: 1 }';
    expect(told).toBe(0);
    data.model.apply();
    expect(told).toBe(1);
    data.model.selected = 3;
    expect(told).toBe(1);
    expect(data.query).toMatchObject({ filter: '{ a: 1 }' });
  });

  it('reads a plan that met no bridge as soon as there is one', async () => {
    const gone = new ArgonClient({ serverSettings: server.settings, version: '0.1.0' });
    const merge = new MergeWidget({ context: { ...context, client: gone }, project: PROJECT, plan: 'p-1' });
    await show(merge);
    expect(server.calls.some(({ method }) => method === 'plan.get')).toBe(false);
    await gone.need();
    await settle();
    expect(server.calls.some(({ method }) => method === 'plan.get')).toBe(true);
    gone.dispose();
  });
});
