import {
  forwardRef,
  useEffect,
  useImperativeHandle,
  useRef,
  type KeyboardEvent,
  type ReactNode
} from 'react';

/** What is in a view. Its keys work as soon as it is open: JupyterLab gives the focus to the widget around it. */
export const ViewRoot = forwardRef<
  HTMLDivElement,
  {
    readonly className?: string;
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly children: ReactNode;
  }
>(function ViewRoot({ className, onKeyDown, children }, ref) {
  const root = useRef<HTMLDivElement>(null);
  useImperativeHandle(ref, () => root.current!);
  useEffect(() => {
    const widget = root.current?.closest<HTMLElement>('.jp-ArgonViewWidget');
    const enter = () => root.current?.focus({ preventScroll: true });
    const onFocus = ({ target }: FocusEvent) => target === widget && enter();
    if (widget === document.activeElement) {
      enter();
    }
    widget?.addEventListener('focus', onFocus);
    return () => widget?.removeEventListener('focus', onFocus);
  }, []);
  return (
    <div
      ref={root}
      className={`jp-ArgonView${className === undefined ? '' : ` ${className}`}`}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>
  );
});
