import type { TranslationBundle } from '@jupyterlab/translation';
import { codeOf, messageOf, RpcError } from '../client/rpcError';
import type { Branch, Plan, Session } from '../client/protocol';
import { count } from '../format/count';
import { changes } from '../format/words';
import { planWords } from '../merge/planWords';
import { placeOf } from '../model/refs';
import type { ProjectModel } from '../model/project';
import type { Workspace } from '../model/workspace';
import type { INotice, PanelModel } from '../panel/panelModel';

/** What actions need beside their arguments. */
export interface IActionContext {
  readonly workspace: Workspace;
  readonly panel: PanelModel;
  readonly trans: TranslationBundle;
  /** Says a sentence where the user looks: in the panel, else in a passing note. */
  readonly say: (notice: INotice) => void;
}

/** The verbs of the page. Each says what it did or why it could not; none throws. */
export class Actions {
  constructor(context: IActionContext) {
    this._context = context;
  }

  /** Creates a project and looks at it. */
  createProject(name: string): Promise<boolean> {
    return this._do(async ({ client, trans, session }) => {
      await client.call('project.create', { name, ...session });
      this._context.workspace.pickProject(name);
      return trans.__('Project %1 is there.', name);
    });
  }

  /** Moves the session of the current notebook to a ref. */
  switchTo(ref: string): Promise<boolean> {
    return this._do(async ({ client, trans, project }) => {
      const session = this._context.workspace.session;
      if (session === undefined) {
        throw new RpcError(
          'SESSION_NOT_FOUND',
          trans.__(
            'No kernel to switch: the current notebook has not loaded Argon. Run %load_ext argon in it.'
          )
        );
      }
      const moved = await client.call('session.checkout', { id: session.id, project: project.name, ref });
      this._context.panel.look(undefined);
      return moved.writable
        ? trans.__('The session is on %1.', placeOf(moved))
        : trans.__('The session is at %1, read-only.', moved.ref ?? ref);
    });
  }

  /** Creates a branch, and switches the session to it when asked. */
  createBranch(name: string, from: string, isSwitch: boolean): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      const branch = await client.call('branch.create', { project: project.name, name, from, ...session });
      const own = this._context.workspace.session;
      if (isSwitch && own !== undefined) {
        await client.call('session.checkout', { id: own.id, project: project.name, ref: branch.name });
        return trans.__('%1 was made at %2, and the session is on it.', name, from);
      }
      return trans.__('%1 was made at %2.', name, from);
    });
  }

  /** Renames a branch. */
  renameBranch(name: string, to: string): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      await client.call('branch.rename', { project: project.name, name, to, ...session });
      return trans.__('%1 is now called %2.', name, to);
    });
  }

  /** Protects a branch, or takes the protection away. */
  protectBranch(name: string, protect: boolean): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      await client.call('branch.protect', { project: project.name, name, protect, ...session });
      return protect
        ? trans.__('%1 is protected: it takes merges only.', name)
        : trans.__('%1 can be written.', name);
    });
  }

  /** Deletes a branch. The panel has asked before. */
  deleteBranch(name: string): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      const gone = await client.call('branch.delete', { project: project.name, name, ...session });
      return trans.__('%1 was deleted at LSN %2.', gone.name, count(gone.head));
    });
  }

  /** Names a state for ever. */
  createPin(name: string, ref: string): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      const pin = await client.call('pin.create', { project: project.name, name, ref, ...session });
      return trans.__('%1 names %2.', pin.name, pin.ref);
    });
  }

  /** Deletes a pin. The panel has asked before. */
  deletePin(name: string): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      await client.call('pin.delete', { project: project.name, name, ...session });
      return trans.__('The pin %1 was deleted.', name);
    });
  }

  /** Plans an undo and asks about it; answers with the plan when it has conflicts, for the merge view. */
  async planUndo(what: Actions.IUndo): Promise<Plan | undefined> {
    let planned: Plan | undefined;
    await this._do(async ({ client, project, session }) => {
      const { branch, label, ...selector } = what;
      const plan = await client.call('undo.plan', { project: project.name, branch, ...selector, ...session });
      if (plan.conflicts > 0) {
        planned = plan;
      } else {
        this._context.panel.ask({ kind: 'undo', what: label, branch, plan });
      }
      return undefined;
    });
    return planned;
  }

  /** Applies a plan. The panel or the merge view has shown it before. */
  applyPlan(plan: Plan): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      const applied = await client.call('plan.apply', { project: project.name, id: plan.id, ...session });
      const lsns = applied.appliedAs;
      const written = lsns === undefined ? 0 : lsns.lastLsn - lsns.firstLsn + 1;
      return trans.__('%1: %2 written.', planWords(plan, trans).label, changes(written, trans));
    });
  }

  /** Asks what a reset would discard, and shows it. */
  previewRestore(branch: string, to: string): Promise<boolean> {
    return this._do(async ({ client, project }) => {
      const preview = await client.call('restore.preview', { project: project.name, branch, to, limit: 20 });
      this._context.panel.ask({ kind: 'restore', branch, to, preview });
      return undefined;
    });
  }

  /** Resets a branch. The panel has shown the preview before. */
  restore(branch: string, to: string): Promise<boolean> {
    return this._do(async ({ client, trans, project, session }) => {
      const done = await client.call('restore.apply', { project: project.name, branch, to, ...session });
      return trans.__('%1 is back at %2. What came after is kept as %3.', branch, to, done.backup);
    });
  }

  /** The facts of a branch: known here, else read. */
  async branch(name: string): Promise<Branch | undefined> {
    const project = this._context.workspace.project;
    return (
      project?.branches.get(name) ??
      (await this._context.workspace.client
        .call('branch.get', { project: project?.name ?? '', name })
        .catch((error: unknown) => {
          this._context.say({ kind: 'error', text: messageOf(error), code: codeOf(error) });
          return undefined;
        }))
    );
  }

  private async _do(
    verb: (given: {
      client: Workspace['client'];
      trans: TranslationBundle;
      project: ProjectModel;
      /** Names the session in a call, so that the change is known as this notebook's. */
      session: { session?: string };
    }) => Promise<string | undefined>
  ): Promise<boolean> {
    const { workspace, trans, say } = this._context;
    const { client } = workspace;
    try {
      if (client.isReadOnly) {
        throw new RpcError(
          'BRIDGE_VERSION',
          trans.__('The bridge is of another version, so this page can only read.')
        );
      }
      const own: Session | undefined = workspace.session;
      const done = await verb({
        client,
        trans,
        project: workspace.project as ProjectModel,
        session: own === undefined ? {} : { session: own.id }
      });
      if (done !== undefined) {
        say({ kind: 'done', text: done });
      }
      return true;
    } catch (error) {
      say({ kind: 'error', text: messageOf(error), code: codeOf(error) });
      return false;
    }
  }

  private readonly _context: IActionContext;
}

/** Types of `Actions`. */
export namespace Actions {
  /** What to undo on a branch, and how a person calls it. */
  export interface IUndo {
    readonly branch: string;
    readonly label: string;
    readonly firstLsn?: number;
    readonly lastLsn?: number;
    readonly cell?: string;
    readonly cellNumber?: number;
  }
}
