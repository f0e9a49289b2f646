import { useEffect, useState } from 'react';

/**
 * Brings the keyboard focus back when what took it goes away: to where it was; else, when that went too, to the
 * graph for someone at the keyboard, and to the panel itself for someone with a mouse, because a graph that has
 * the focus holds new entries back.
 */
export function useFocusBack(): void {
  // Read while rendering, before anything of what is asked takes the focus.
  const [before] = useState(() => {
    const element = document.activeElement;
    const isKeyboard = element instanceof HTMLElement && element.matches(':focus-visible');
    const panel = document.querySelector<HTMLElement>('.jp-ArgonPanel');
    return { element, isKeyboard, isInPanel: panel?.contains(element) === true };
  });
  useEffect(
    () => () => {
      // The element that has the focus leaves the page with this one; what comes instead is there a moment later.
      setTimeout(() => {
        if (document.activeElement !== document.body) {
          return;
        }
        const { element, isKeyboard, isInPanel } = before;
        if (element instanceof HTMLElement && element !== document.body && element.isConnected) {
          element.focus();
        } else if (isInPanel) {
          const panel = document.querySelector<HTMLElement>('.jp-ArgonPanel');
          const graph = panel?.querySelector<HTMLElement>('[role="treegrid"]');
          (isKeyboard ? (graph ?? panel) : panel)?.focus();
        }
      }, 0);
    },
    [before]
  );
}
