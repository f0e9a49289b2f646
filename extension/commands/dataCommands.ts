import type { TranslationBundle } from '@jupyterlab/translation';
import { codeIcon, copyIcon, historyIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import { isOpen } from '../client/connectionState';
import type { ExtendedJson } from '../client/protocol';
import { codeOf, messageOf } from '../client/rpcError';
import type { IDataQuery } from '../data/dataModel';
import type { Sorting } from '../data/dataRows';
import type { HistoryView, IDocumentPlace } from '../documentHistory/historyModel';
import { dataIcon } from '../icons';
import { placeOf } from '../model/refs';
import type { Workspace } from '../model/workspace';
import type { INotice } from '../panel/panelModel';
import { schemaOf, text } from './arguments';
import { CommandIds } from './ids';

/** What the commands of data open and say. */
export interface IDataTargets {
  readonly openData: (query: IDataQuery) => void;
  readonly openHistory: (place: IDocumentPlace, view: HistoryView) => void;
  readonly openPlan: (plan: string) => void;
  readonly copy: (text: string) => void;
  readonly say: (notice: INotice) => void;
}

/** Options of `addDataCommands`. */
export interface IDataCommandOptions {
  readonly commands: CommandRegistry;
  readonly workspace: Workspace;
  readonly targets: IDataTargets;
  readonly trans: TranslationBundle;
}

/** Adds the commands that open documents: the browser, and the history of one. */
export function addDataCommands(options: IDataCommandOptions): IDisposable {
  const { commands, workspace, targets, trans } = options;
  const { client } = workspace;
  const added = new DisposableSet();
  const isReady = () => isOpen(client.state) && workspace.project !== undefined;
  const here = () => {
    const session = workspace.sessionHere;
    // A session at the head of its branch browses the branch, so that the view tells when it moves.
    return session === undefined
      ? workspace.project?.defaultBranch
      : session.writable
        ? session.branch
        : placeOf(session);
  };
  const projectOf = (args: ReadonlyPartialJSONObject) => text(args, 'project') ?? workspace.projectName;

  added.add(
    commands.addCommand(CommandIds.browseData, {
      label: args =>
        text(args, 'collection') === undefined
          ? trans.__('Browse Data')
          : trans.__('Browse %1', text(args, 'collection')!),
      icon: dataIcon,
      describedBy: schemaOf({
        project: ['string', trans.__('Name of the project; by default the one that is looked at.')],
        ref: ['string', trans.__('The state to browse; by default where the session is.')],
        collection: ['string', trans.__('The collection; by default the first.')],
        filter: ['string', trans.__('A MongoDB query as Extended JSON or as one types it in a shell.')],
        sort: ['string', trans.__('Field paths and directions as JSON: [["age", -1]].')],
        columns: ['string', trans.__('Field paths of the columns as JSON: ["_id", "age"].')],
        compare: ['string', trans.__('Another state that the answer is compared with.')]
      }),
      isEnabled: isReady,
      execute: args => {
        const project = projectOf(args);
        const ref = text(args, 'ref') ?? here();
        if (project === undefined || ref === undefined) {
          return;
        }
        targets.openData({
          project,
          ref,
          collection: text(args, 'collection'),
          filter: text(args, 'filter'),
          sort: sorting(text(args, 'sort')),
          columns: paths(text(args, 'columns')),
          compare: text(args, 'compare')
        });
      }
    })
  );
  added.add(
    commands.addCommand(CommandIds.documentHistory, {
      label: args =>
        text(args, 'view') === 'blame'
          ? trans.__('Blame of the Document')
          : trans.__('History of the Document'),
      icon: args => (text(args, 'view') === 'blame' ? codeIcon : historyIcon),
      describedBy: schemaOf({
        project: ['string', trans.__('Name of the project; by default the one that is looked at.')],
        ref: ['string', trans.__('The state it is seen from; by default where the session is.')],
        collection: ['string', trans.__('The collection of the document.')],
        id: ['string', trans.__('Its _id as Extended JSON: "G027" with its quotes, or {"$oid": "…"}.')],
        view: ['string', trans.__('`history` for its versions, `blame` for who wrote which field.')]
      }),
      isEnabled: isReady,
      execute: args => {
        const project = projectOf(args);
        const ref = text(args, 'ref') ?? here();
        const collection = text(args, 'collection');
        const id = extendedJson(text(args, 'id'));
        if (project === undefined || ref === undefined || collection === undefined || id === undefined) {
          targets.say({
            kind: 'error',
            text: trans.__('Which document? Select one in the data browser, or name its collection and _id.')
          });
          return;
        }
        targets.openHistory(
          { project, ref, collection, id: id.value },
          text(args, 'view') === 'blame' ? 'blame' : 'history'
        );
      }
    })
  );
  added.add(
    commands.addCommand(CommandIds.restoreDocument, {
      label: trans.__('Restore the Value of a Document…'),
      icon: historyIcon,
      describedBy: schemaOf({
        project: ['string', trans.__('Name of the project; by default the one that is looked at.')],
        branch: ['string', trans.__('The branch that gets the value; a plan shows it before.')],
        ref: ['string', trans.__('The state that has the value.')],
        collection: ['string', trans.__('The collection of the document.')],
        id: ['string', trans.__('Its _id as Extended JSON.')]
      }),
      isEnabled: isReady,
      execute: async args => {
        const project = projectOf(args);
        const branch = text(args, 'branch');
        const to = text(args, 'ref');
        const collection = text(args, 'collection');
        const id = extendedJson(text(args, 'id'));
        if (
          project === undefined ||
          branch === undefined ||
          to === undefined ||
          collection === undefined ||
          id === undefined
        ) {
          return;
        }
        try {
          const session = workspace.sessionHere?.id;
          const plan = await client.call('restore.plan', {
            project,
            branch,
            to,
            collection,
            ids: [id.value],
            ...(session === undefined ? {} : { session })
          });
          targets.openPlan(plan.id);
        } catch (error) {
          targets.say({ kind: 'error', text: messageOf(error), code: codeOf(error) });
        }
      }
    })
  );
  added.add(
    commands.addCommand(CommandIds.copyDocument, {
      label: trans.__('Copy as JSON'),
      icon: copyIcon,
      describedBy: schemaOf({ json: ['string', trans.__('The document as Extended JSON.')] }),
      isEnabled: args => text(args, 'json') !== undefined,
      execute: args => targets.copy(text(args, 'json') ?? '')
    })
  );
  return added;
}

/** A value as Extended JSON; undefined when the text is none. */
function extendedJson(json: string | undefined): { readonly value: ExtendedJson } | undefined {
  try {
    return json === undefined ? undefined : { value: JSON.parse(json) as ExtendedJson };
  } catch {
    return undefined;
  }
}

function sorting(json: string | undefined): Sorting | undefined {
  const value = extendedJson(json)?.value;
  return Array.isArray(value)
    ? value.filter(
        (part): part is [string, 1 | -1] =>
          Array.isArray(part) && typeof part[0] === 'string' && (part[1] === 1 || part[1] === -1)
      )
    : undefined;
}

function paths(json: string | undefined): readonly string[] | undefined {
  const value = extendedJson(json)?.value;
  return Array.isArray(value) ? value.filter((path): path is string => typeof path === 'string') : undefined;
}
