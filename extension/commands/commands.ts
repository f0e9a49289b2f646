import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  historyIcon,
  jumpForwardIcon,
  lockIcon,
  refreshIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import { branchAddIcon, branchIcon, diffIcon, mergeIcon, pinIcon } from '../icons';
import { isOpen } from '../client/connectionState';
import { plainRange } from '../format/count';
import { placeOf } from '../model/refs';
import type { Workspace } from '../model/workspace';
import type { PanelModel } from '../panel/panelModel';
import { Actions } from './actions';
import { flag, integer, schemaOf, text } from './arguments';
import { CommandIds } from './ids';

/** What the commands open. */
export interface ICommandTargets {
  /** Brings the panel into view. */
  readonly showPanel: () => void;
  /** Opens the picker of branches, pins and LSNs; resolves with the ref that was picked. */
  readonly pick: (prompt: string) => Promise<string | undefined>;
  readonly openDiff: (options: { project?: string | undefined; from: string; to: string }) => void;
  readonly openMerge: (options: {
    project?: string | undefined;
    source?: string;
    into?: string;
    plan?: string;
  }) => void;
  readonly copy: (text: string) => void;
}

/** Options of `addCommands`. */
export interface ICommandOptions {
  readonly commands: CommandRegistry;
  readonly workspace: Workspace;
  readonly panel: PanelModel;
  readonly actions: Actions;
  readonly targets: ICommandTargets;
  readonly trans: TranslationBundle;
}

/**
 * Adds every command. What can be lost is only ever asked about in the panel: no command takes an argument that
 * skips the question, so that a link in an output cannot delete.
 */
export function addCommands(options: ICommandOptions): IDisposable {
  const { commands, workspace, panel, actions, targets, trans } = options;
  const { client } = workspace;
  const added = new DisposableSet();
  const add = (id: string, command: CommandRegistry.ICommandOptions) =>
    added.add(commands.addCommand(id, command));
  const isReady = () => isOpen(client.state) && workspace.project !== undefined;
  const here = () => {
    const session = workspace.sessionHere;
    return session === undefined ? workspace.project?.defaultBranch : placeOf(session);
  };
  const sessionBranch = () => workspace.sessionHere?.branch ?? workspace.project?.defaultBranch;

  add(CommandIds.showPanel, {
    label: trans.__('Show the Argon Panel'),
    describedBy: schemaOf({}),
    execute: () => targets.showPanel()
  });
  add(CommandIds.startBridge, {
    label: trans.__('Start the Argon Bridge'),
    describedBy: schemaOf({}),
    isEnabled: () => !isOpen(client.state),
    execute: () => client.start()
  });
  add(CommandIds.restartBridge, {
    label: trans.__('Restart the Argon Bridge'),
    icon: refreshIcon,
    describedBy: schemaOf({}),
    execute: () => client.restart()
  });
  add(CommandIds.showLog, {
    label: trans.__('Show the Log of the Argon Bridge'),
    describedBy: schemaOf({}),
    execute: async () => {
      targets.showPanel();
      panel.log = await client.log().catch((error: unknown) => [String(error)]);
    }
  });
  add(CommandIds.createProject, {
    label: trans.__('Create a Project…'),
    icon: addIcon,
    describedBy: schemaOf({
      name: ['string', trans.__('Name of the project; asked for when it is not given.')]
    }),
    isEnabled: () => isOpen(client.state),
    execute: async args => {
      const name = text(args, 'name');
      if (name === undefined) {
        panel.ask({ kind: 'project' });
      } else {
        await actions.createProject(name);
      }
    }
  });
  add(CommandIds.openProject, {
    label: args => text(args, 'name') ?? trans.__('Look at a Project'),
    describedBy: schemaOf({ name: ['string', trans.__('Name of the project.')] }),
    isToggled: args => text(args, 'name') !== undefined && text(args, 'name') === workspace.projectName,
    execute: args => {
      const name = text(args, 'name');
      if (name !== undefined) {
        panel.select(undefined);
        workspace.pickProject(name);
      }
    }
  });
  add(CommandIds.pick, {
    label: trans.__('Switch to a Branch, Pin or LSN…'),
    icon: branchIcon,
    describedBy: schemaOf({}),
    isEnabled: isReady,
    execute: async () => {
      const ref = await targets.pick(trans.__('Switch to'));
      if (ref !== undefined) {
        await actions.switchTo(ref);
      }
    }
  });
  add(CommandIds.switchTo, {
    label: trans.__('Switch'),
    icon: jumpForwardIcon,
    describedBy: schemaOf({
      ref: [
        'string',
        trans.__('Where the session goes: branch, branch@LSN, branch@TIME, pin:NAME or run:ID.')
      ]
    }),
    isEnabled: isReady,
    execute: async args => {
      const ref = text(args, 'ref') ?? (await targets.pick(trans.__('Switch to')));
      if (ref !== undefined) {
        await actions.switchTo(ref);
      }
    }
  });
  add(CommandIds.createBranch, {
    label: trans.__('Branch Here…'),
    icon: branchAddIcon,
    describedBy: schemaOf({
      name: ['string', trans.__('Name of the branch; asked for when it is not given.')],
      from: ['string', trans.__('Ref it starts at; by default where the session is.')],
      switch: ['boolean', trans.__('Whether the session moves to it.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const from = text(args, 'from') ?? here();
      const name = text(args, 'name');
      if (from === undefined) {
        return;
      }
      if (name === undefined) {
        panel.ask({ kind: 'branch', from, canSwitch: workspace.session !== undefined });
      } else {
        await actions.createBranch(name, from, flag(args, 'switch'));
      }
    }
  });
  add(CommandIds.renameBranch, {
    label: trans.__('Rename…'),
    icon: editIcon,
    describedBy: schemaOf({ branch: ['string', trans.__('The branch; by default that of the session.')] }),
    isEnabled: isReady,
    execute: args => {
      const branch = text(args, 'branch') ?? sessionBranch();
      if (branch !== undefined) {
        panel.ask({ kind: 'rename', branch });
      }
    }
  });
  add(CommandIds.protectBranch, {
    label: args => (flag(args, 'protect') ? trans.__('Protect') : trans.__('Take Protection Away')),
    icon: lockIcon,
    describedBy: schemaOf({
      branch: ['string', trans.__('The branch; by default that of the session.')],
      protect: ['boolean', trans.__('Whether it takes merges only.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const branch = text(args, 'branch') ?? sessionBranch();
      if (branch !== undefined) {
        await actions.protectBranch(branch, flag(args, 'protect'));
      }
    }
  });
  add(CommandIds.deleteBranch, {
    label: trans.__('Delete…'),
    icon: deleteIcon,
    describedBy: schemaOf({ branch: ['string', trans.__('The branch; what is lost is shown before.')] }),
    isEnabled: isReady,
    execute: async args => {
      const name = text(args, 'branch') ?? sessionBranch();
      const branch = name === undefined ? undefined : await actions.branch(name);
      if (branch !== undefined) {
        panel.ask({ kind: 'deleteBranch', branch });
      }
    }
  });
  add(CommandIds.createPin, {
    label: trans.__('Pin…'),
    icon: pinIcon,
    describedBy: schemaOf({
      name: ['string', trans.__('Name of the pin; asked for when it is not given.')],
      ref: ['string', trans.__('The state to name; by default where the session is.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const ref = text(args, 'ref') ?? here();
      const name = text(args, 'name');
      if (ref === undefined) {
        return;
      }
      if (name === undefined) {
        panel.ask({ kind: 'pin', ref });
      } else {
        await actions.createPin(name, ref);
      }
    }
  });
  add(CommandIds.deletePin, {
    label: args => trans.__('Delete the Pin %1…', text(args, 'name') ?? ''),
    icon: deleteIcon,
    describedBy: schemaOf({ name: ['string', trans.__('The pin; what is lost is shown before.')] }),
    isEnabled: isReady,
    execute: args => {
      const pin = workspace.project?.pins.find(candidate => candidate.name === text(args, 'name'));
      if (pin !== undefined) {
        panel.ask({ kind: 'deletePin', pin: pin.name, ref: pin.ref });
      }
    }
  });
  add(CommandIds.diff, {
    label: args =>
      text(args, 'from') !== undefined && text(args, 'to') !== undefined
        ? trans.__('Diff Before and After')
        : trans.__('Diff With…'),
    icon: diffIcon,
    describedBy: schemaOf({
      project: ['string', trans.__('The project; by default the one that is looked at.')],
      from: ['string', trans.__('The state to compare with; by default the default branch.')],
      to: ['string', trans.__('The state to compare; by default where the session is.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const to = text(args, 'to') ?? here();
      const from = text(args, 'from') ?? (await targets.pick(trans.__('Diff with')));
      if (from !== undefined && to !== undefined) {
        targets.openDiff({ project: text(args, 'project'), from, to });
      }
    }
  });
  add(CommandIds.merge, {
    label: trans.__('Merge Into…'),
    icon: mergeIcon,
    describedBy: schemaOf({
      source: ['string', trans.__('The ref to bring in; by default the branch of the session.')],
      into: ['string', trans.__('The branch that will change; asked for when it is not given.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const source = text(args, 'source') ?? sessionBranch();
      const into = text(args, 'into') ?? (await targets.pick(trans.__('Merge %1 into', source ?? '')));
      if (source !== undefined && into !== undefined) {
        targets.openMerge({ source, into });
      }
    }
  });
  add(CommandIds.openPlan, {
    label: trans.__('Open a Plan'),
    icon: mergeIcon,
    describedBy: schemaOf({
      project: ['string', trans.__('The project; by default the one that is looked at.')],
      plan: ['string', trans.__('Id of a merge, an undo or a restore that was planned before.')]
    }),
    isEnabled: isReady,
    execute: args => {
      const plan = text(args, 'plan');
      if (plan !== undefined) {
        targets.openMerge({ project: text(args, 'project'), plan });
      }
    }
  });
  add(CommandIds.undo, {
    label: trans.__('Undo…'),
    icon: undoIcon,
    describedBy: schemaOf({
      branch: ['string', trans.__('The branch to undo on; by default that of the session.')],
      firstLsn: ['integer', trans.__('First LSN of the range.')],
      lastLsn: ['integer', trans.__('Last LSN of the range.')],
      cell: [
        'string',
        trans.__('Id of the cell whose writes are undone: all of them, or those in the range.')
      ],
      cellNumber: ['integer', trans.__('Number that the cell had when it wrote them.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const branch = text(args, 'branch') ?? sessionBranch();
      const firstLsn = integer(args, 'firstLsn');
      const lastLsn = integer(args, 'lastLsn') ?? firstLsn;
      const cell = text(args, 'cell');
      const cellNumber = integer(args, 'cellNumber');
      if (branch === undefined) {
        return;
      }
      if (cell === undefined && (firstLsn === undefined || lastLsn === undefined)) {
        panel.say({ kind: 'error', text: trans.__('Select the entry to undo in the history first.') });
        targets.showPanel();
        return;
      }
      const label =
        cellNumber !== undefined
          ? trans.__('cell [%1]', cellNumber)
          : firstLsn === undefined || lastLsn === undefined
            ? trans.__('the writes of the cell')
            : trans.__('LSN %1', plainRange(firstLsn, lastLsn));
      const plan = await actions.planUndo({
        branch,
        label,
        ...(cell === undefined ? {} : { cell }),
        ...(cellNumber === undefined ? {} : { cellNumber }),
        ...(firstLsn === undefined || lastLsn === undefined ? {} : { firstLsn, lastLsn })
      });
      if (plan !== undefined) {
        targets.openMerge({ plan: plan.id });
      }
    }
  });
  add(CommandIds.restore, {
    label: trans.__('Restore Preview'),
    icon: historyIcon,
    describedBy: schemaOf({
      branch: ['string', trans.__('The branch to bring back; by default that of the session.')],
      to: ['string', trans.__('The earlier state; asked for when it is not given.')]
    }),
    isEnabled: isReady,
    execute: async args => {
      const branch = text(args, 'branch') ?? sessionBranch();
      const to = text(args, 'to') ?? (await targets.pick(trans.__('Restore %1 to', branch ?? '')));
      if (branch !== undefined && to !== undefined) {
        await actions.previewRestore(branch, to);
      }
    }
  });
  add(CommandIds.copyRef, {
    label: trans.__('Copy Ref'),
    icon: copyIcon,
    describedBy: schemaOf({ ref: ['string', trans.__('The ref to copy; by default where the session is.')] }),
    isEnabled: isReady,
    execute: args => {
      const ref = text(args, 'ref') ?? here();
      if (ref !== undefined) {
        targets.copy(ref);
        panel.say({ kind: 'done', text: trans.__('%1 was copied.', ref) });
      }
    }
  });
  return added;
}
