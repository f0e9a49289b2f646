import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { createContext, useContext } from 'react';
import type { ArgonClient } from '../client/client';
import type { Workspace } from '../model/workspace';

/** What the user set for views of data. */
export interface IViewSettings {
  /** Documents read at once. */
  readonly documentsPerPage: number;
  /** Characters of a text after which it is folded. */
  readonly foldedCharacters: number;
}

/** What holds as long as no settings were read. */
export const USUAL_VIEW_SETTINGS: IViewSettings = { documentsPerPage: 100, foldedCharacters: 500 };

/** What every part of a view in the main area uses. */
export interface IViewContext {
  readonly client: ArgonClient;
  readonly workspace: Workspace;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly openCell: (notebook: string, cell: string | undefined) => void;
  readonly copy: (text: string) => void;
  /** Puts a cell below the active one of the current notebook; resolves with its name, undefined without one. */
  readonly insertCell: (source: string) => Promise<string | undefined>;
  readonly settings: () => IViewSettings;
}

const ViewContext = createContext<IViewContext | undefined>(undefined);

/** Hands the context to everything inside. */
export const ViewContextProvider = ViewContext.Provider;

/** The context of the view around a component. */
export function useView(): IViewContext {
  const context = useContext(ViewContext);
  if (context === undefined) {
    throw new Error('A part of a view was drawn outside a view.');
  }
  return context;
}
