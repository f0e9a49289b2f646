import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon, filterListIcon, treeViewIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import type { LineageWidget } from '../lineage/lineageWidget';
import type { Workspace } from '../model/workspace';
import { diffIcon, runIcon } from '../icons';
import { schemaOf, text } from './arguments';
import { CommandIds } from './ids';

/** What a lineage is opened with. */
export interface ILineageOptions {
  readonly project?: string;
  readonly search?: string;
  readonly branch?: string;
  /** Key of the node that is selected. */
  readonly selected?: string;
}

/** Options of `addLineageCommands`. */
export interface ILineageCommandOptions {
  readonly commands: CommandRegistry;
  readonly workspace: Workspace;
  readonly trans: TranslationBundle;
  readonly open: (options: ILineageOptions) => void;
  /** The lineage view that is used, or was used last. */
  readonly current: () => LineageWidget | undefined;
}

const FORMATS = ['svg', 'png', 'pdf'] as const;

/** Adds the commands of the lineage view: what a click does there, a command does. */
export function addLineageCommands(options: ILineageCommandOptions): IDisposable {
  const { commands, workspace, trans, open, current } = options;
  const added = new DisposableSet();
  const add = (id: string, command: CommandRegistry.ICommandOptions) =>
    added.add(commands.addCommand(id, command));
  const keyed = {
    key: ['string', trans.__('Key of a node, as lineage.graph tells it; by default the selected one.')]
  } as const;
  const nodeOf = (args: Parameters<CommandRegistry.CommandFunc<unknown>>[0]) => {
    const model = current()?.model;
    const node = model?.graph.nodes.get(text(args, 'key') ?? model.selected ?? '');
    return model === undefined || node === undefined ? undefined : { model, node };
  };

  add(CommandIds.lineage, {
    label: args => (text(args, 'run') === undefined ? trans.__('Show Lineage') : trans.__('Open Lineage')),
    caption: trans.__('Which data led to which model'),
    icon: treeViewIcon,
    describedBy: schemaOf({
      project: ['string', trans.__('The project; by default the one that is looked at.')],
      run: ['string', trans.__('Id of the run that is selected.')],
      selected: ['string', trans.__('Key of the node that is selected, in place of a run.')],
      search: ['string', trans.__('What is looked for: branch, LSN range, run or model.')],
      branch: ['string', trans.__('Only runs on this branch.')]
    }),
    isEnabled: args => (text(args, 'project') ?? workspace.projectName) !== undefined,
    execute: args => {
      const run = text(args, 'run');
      const selected = run === undefined ? text(args, 'selected') : `run:${run}`;
      const given = {
        project: text(args, 'project'),
        search: text(args, 'search'),
        branch: text(args, 'branch'),
        selected
      };
      open(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
    }
  });
  add(CommandIds.lineageSelect, {
    label: trans.__('Show the Path'),
    icon: treeViewIcon,
    describedBy: schemaOf(keyed),
    isEnabled: args => nodeOf(args) !== undefined,
    execute: args => {
      const found = nodeOf(args);
      if (found !== undefined) {
        found.model.isPathShown = true;
        found.model.select(found.node.key);
      }
    }
  });
  add(CommandIds.lineageFocus, {
    label: trans.__('Draw Only This Path'),
    icon: filterListIcon,
    describedBy: schemaOf(keyed),
    isEnabled: args => nodeOf(args) !== undefined,
    isToggled: args => nodeOf(args)?.model.focus === nodeOf(args)?.node.key && nodeOf(args) !== undefined,
    execute: args => {
      const found = nodeOf(args);
      if (found !== undefined) {
        const { model, node } = found;
        model.select(node.key);
        model.focus = model.focus === node.key ? undefined : node.key;
      }
    }
  });
  add(CommandIds.lineageCompare, {
    label: trans.__('Compare with the Selected Run'),
    icon: diffIcon,
    describedBy: schemaOf(keyed),
    isEnabled: args => {
      const found = nodeOf(args);
      const selected = found?.model.selectedNode;
      return found?.node.kind === 'run' && selected?.kind === 'run' && selected.key !== found.node.key;
    },
    execute: args => {
      const found = nodeOf(args);
      if (found?.node.kind === 'run') {
        found.model.compared = found.node.run;
      }
    }
  });
  add(CommandIds.lineageSameData, {
    label: trans.__('Show Only Runs on the Same Data'),
    icon: runIcon,
    describedBy: schemaOf(keyed),
    isEnabled: args => nodeOf(args)?.node.kind === 'run',
    execute: args => {
      const found = nodeOf(args);
      if (found?.node.kind === 'run') {
        found.model.select(found.node.key);
        found.model.digest = found.node.run.run.digest;
      }
    }
  });
  add(CommandIds.lineageExport, {
    label: args => trans.__('Save Lineage as %1', (text(args, 'format') ?? 'svg').toUpperCase()),
    icon: downloadIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          format: {
            type: 'string',
            enum: [...FORMATS],
            description: trans.__('Kind of the file; by default SVG.')
          }
        }
      }
    },
    isEnabled: () => (current()?.model.graph.nodes.size ?? 0) > 0,
    execute: async args => {
      const format = FORMATS.find(known => known === text(args, 'format')) ?? 'svg';
      return current()?.export(format);
    }
  });
  return added;
}
