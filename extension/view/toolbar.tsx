import type { ReactNode } from 'react';
import { useRoving } from './useRoving';

/** A row of buttons that is one Tab stop. */
export function Toolbar(props: {
  readonly label: string;
  readonly className: string;
  readonly children: ReactNode;
}): JSX.Element {
  return (
    <div {...useRoving()} className={props.className} role="toolbar" aria-label={props.label}>
      {props.children}
    </div>
  );
}
