import { useCallback, useRef, type FocusEvent, type KeyboardEvent, type RefCallback } from 'react';

/** What the arrow keys go to. Inputs and lists have arrow keys of their own, so they stay Tab stops. */
const STOPS = 'button:not(:disabled), a[href]';

/** What an element takes to be one Tab stop. */
export interface IRoving<E extends HTMLElement> {
  readonly ref: RefCallback<E>;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Makes the buttons inside an element one Tab stop: arrow keys, Home and End go from one to another. */
export function useRoving<E extends HTMLElement = HTMLDivElement>(): IRoving<E> {
  const root = useRef<E | null>(null);
  const observer = useRef<MutationObserver>();
  const current = useRef<Element>();
  const mark = useCallback(() => {
    const stops = stopsIn(root.current);
    const at = stops.find(stop => stop === current.current) ?? stops[0];
    for (const stop of stops) {
      stop.tabIndex = stop === at ? 0 : -1;
    }
  }, []);
  const ref = useCallback(
    (element: E | null) => {
      observer.current?.disconnect();
      root.current = element;
      if (element !== null) {
        mark();
        // Parts inside draw themselves: what is added, or disabled, is seen here and not by whoever uses this.
        observer.current = new MutationObserver(mark);
        observer.current.observe(element, { subtree: true, childList: true, attributeFilter: ['disabled'] });
      }
    },
    [mark]
  );
  const onFocus = useCallback(
    ({ target }: FocusEvent) => {
      if (stopsIn(root.current).some(stop => stop === target)) {
        current.current = target;
        mark();
      }
    },
    [mark]
  );
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const stops = stopsIn(root.current);
    const at = stops.findIndex(stop => stop === event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
      return;
    }
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: stops.length - 1
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      stops[(to + stops.length) % stops.length]?.focus();
    }
  }, []);
  return { ref, onFocus, onKeyDown };
}

/** The buttons of an element, but not those of a pop-up that is open in it. */
function stopsIn(element: HTMLElement | null): HTMLElement[] {
  return [...(element?.querySelectorAll<HTMLElement>(STOPS) ?? [])].filter(
    stop => stop.closest('[role="dialog"], [role="alertdialog"], [role="menu"]') === null
  );
}
