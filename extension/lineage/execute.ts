import type { IViewContext } from '../view/viewContext';
import type { LineageModel } from './lineageModel';

/** Executes a command on the project of a lineage, which is looked at from then on. */
export function executeOn(
  model: LineageModel,
  { commands, workspace }: Pick<IViewContext, 'commands' | 'workspace'>,
  command: string,
  args: Readonly<Record<string, string>>
): void {
  lookAt(model, workspace);
  void commands.execute(command, { ...args });
}

/** Looks at the project of a lineage: what is done to its states is done there. */
export function lookAt(model: LineageModel, workspace: IViewContext['workspace']): void {
  if (workspace.projectName !== model.project) {
    workspace.pickProject(model.project);
  }
}
