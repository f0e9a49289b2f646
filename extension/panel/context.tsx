import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import { createContext, useContext, useEffect, useReducer, useState } from 'react';
import type { Actions } from '../commands/actions';
import type { PanelModel } from './panelModel';

/** What every part of the panel uses. */
export interface IPanelContext {
  readonly panel: PanelModel;
  readonly actions: Actions;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Opens a notebook at a cell, as far as it is there. */
  readonly openCell: (notebook: string, cell: string | undefined) => void;
  /** Copies text to the clipboard. */
  readonly copy: (text: string) => void;
}

const PanelContext = createContext<IPanelContext | undefined>(undefined);

/** Hands the context to everything inside. */
export const PanelContextProvider = PanelContext.Provider;

/** The context of the panel around a component. */
export function usePanel(): IPanelContext {
  const context = useContext(PanelContext);
  if (context === undefined) {
    throw new Error('A part of the panel was drawn outside the panel.');
  }
  return context;
}

/** Draws the component again after each emission. */
export function useSignal<T>(signal: ISignal<T, unknown> | undefined): void {
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => {
    if (signal === undefined) {
      return;
    }
    const slot = () => draw();
    signal.connect(slot);
    // What was emitted between drawing and now was not heard.
    draw();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}

/** Now, in milliseconds; draws again every `everyMs` while the page can be seen, so that ages stay true. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) {
        setNow(Date.now());
      }
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return Math.max(now, Date.now() - everyMs);
}
