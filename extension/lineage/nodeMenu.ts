import { CommandIds } from '../commands/ids';
import { openMenu, type MenuItem } from '../view/menu';
import type { IViewContext } from '../view/viewContext';
import { lookAt } from './execute';
import type { LineageNode } from './graph';
import type { LineageModel } from './lineageModel';

/** Opens what can be done with a node: every item is a command of its own, so that the keyboard has it too. */
export function openNodeMenu(
  model: LineageModel,
  node: LineageNode,
  { commands, workspace }: Pick<IViewContext, 'commands' | 'workspace'>,
  at: { readonly x: number; readonly y: number }
): void {
  lookAt(model, workspace);
  const state = refOfNode(model, node);
  const items: MenuItem[] = [
    { command: CommandIds.lineageSelect, args: { key: node.key } },
    { command: CommandIds.lineageFocus, args: { key: node.key } }
  ];
  if (node.kind === 'run') {
    items.push(
      { command: CommandIds.lineageCompare, args: { key: node.key } },
      { command: CommandIds.lineageSameData, args: { key: node.key } }
    );
  }
  if (state !== undefined) {
    items.push(
      { type: 'separator' },
      { command: CommandIds.switchTo, args: { ref: state } },
      { command: CommandIds.createBranch, args: { from: state } },
      { command: CommandIds.diff, args: { to: state } },
      { command: CommandIds.copyRef, args: { ref: state } }
    );
  }
  items.push(
    { type: 'separator' },
    ...['svg', 'png', 'pdf'].map(format => ({ command: CommandIds.lineageExport, args: { format } }))
  );
  openMenu(commands, items, at);
}

/** The ref that opens the state behind a node. */
export function refOfNode(model: LineageModel, node: LineageNode): string | undefined {
  switch (node.kind) {
    case 'data':
      return node.data.gone === true ? undefined : node.data.ref;
    case 'run':
      return `run:${node.run.run.id}`;
    case 'model':
      return node.model.run;
    case 'cell':
      return model.parts.data.find(data => data.key === node.cell.data[0])?.ref;
    case 'fold':
      return undefined;
  }
}
