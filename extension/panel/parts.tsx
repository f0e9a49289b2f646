import type { LabIcon } from '@jupyterlab/ui-components';
import { forwardRef, type ButtonHTMLAttributes, type ReactNode } from 'react';
import { addedIcon, changedIcon, conflictIcon, deletedIcon } from '../icons';
import { useRoving } from '../view/useRoving';

/** Options of a button with text. */
export interface IButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon?: LabIcon | undefined;
  readonly isPrimary?: boolean | undefined;
  readonly isDanger?: boolean | undefined;
  readonly children: ReactNode;
}

/** A button with a frame, 24 px high. */
export const TextButton = forwardRef<HTMLButtonElement, IButtonProps>(function TextButton(props, ref) {
  const { icon: Icon, isPrimary, isDanger, children, className, ...rest } = props;
  const kind = isPrimary === true ? ' jp-mod-accept' : isDanger === true ? ' jp-mod-warn' : '';
  return (
    <button
      ref={ref}
      type="button"
      className={`jp-ArgonButton${kind} ${className ?? ''}`}
      title={typeof children === 'string' ? children : undefined}
      {...rest}
    >
      {Icon !== undefined && <Icon.react tag="span" className="jp-ArgonIcon" />}
      <span className="jp-ArgonButton-label">{children}</span>
    </button>
  );
});

/** Options of a button with an icon only. */
export interface IIconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: LabIcon;
  /** Tooltip and accessible name. */
  readonly label: string;
}

/** A button with an icon only. */
export const IconButton = forwardRef<HTMLButtonElement, IIconButtonProps>(function IconButton(props, ref) {
  const { icon: Icon, label, className, ...rest } = props;
  return (
    <button
      ref={ref}
      type="button"
      className={`jp-ArgonIconButton ${className ?? ''}`}
      title={label}
      aria-label={label}
      {...rest}
    >
      <Icon.react tag="span" className="jp-ArgonIcon" />
    </button>
  );
});

/** What happened to a document, as a framed sign with a name for those who cannot see it. */
export function Sign(props: {
  readonly op: 'insert' | 'update' | 'delete' | 'conflict';
  readonly label: string;
}): JSX.Element {
  const Icon = { insert: addedIcon, update: changedIcon, delete: deletedIcon, conflict: conflictIcon }[
    props.op
  ];
  return (
    <span
      className={`jp-ArgonSign jp-mod-${props.op}`}
      role="img"
      aria-label={props.label}
      title={props.label}
    >
      <Icon.react tag="span" className="jp-ArgonIcon" />
    </span>
  );
}

/** Names up to this length are short enough to be cut at their end, if ever. */
const SHORT_NAME = 12;

/** Letters before the cut: fewer are narrower than the room that the head keeps, and leave a gap. */
const HEAD_MIN = 4;

/** A name that is cut in the middle when there is no room: its end stays. Screen readers are told it whole. */
export function MiddleCut(props: { readonly text: string; readonly tail?: number }): JSX.Element {
  const { text } = props;
  if (text.length <= SHORT_NAME) {
    return (
      <span className="jp-ArgonMiddleCut jp-mod-short" title={text}>
        {text}
      </span>
    );
  }
  const cut = Math.max(HEAD_MIN, text.length - (props.tail ?? 6));
  return (
    <span className="jp-ArgonMiddleCut" title={text}>
      <span className="jp-ArgonHidden">{text}</span>
      <span className="jp-ArgonMiddleCut-head" aria-hidden="true">
        {text.slice(0, cut)}
      </span>
      <span className="jp-ArgonMiddleCut-tail" aria-hidden="true">
        {text.slice(cut)}
      </span>
    </span>
  );
}

/** A small set of choices of which one is on. */
export function Segmented<T extends string>(props: {
  readonly label: string;
  readonly choices: readonly (readonly [value: T, label: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}): JSX.Element {
  return (
    <span className="jp-ArgonSegmented" role="group" aria-label={props.label}>
      {props.choices.map(([value, label]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {label}
        </button>
      ))}
    </span>
  );
}

/** The title of a section, with a caret that folds it. */
export function SectionTitle(props: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly children?: ReactNode;
}): JSX.Element {
  return (
    <div {...useRoving()} className="jp-ArgonSection-title">
      <button
        type="button"
        className="jp-ArgonSection-toggle"
        aria-expanded={props.isOpen}
        onClick={props.onToggle}
      >
        <span className="jp-ArgonCaret" aria-hidden="true" />
        <h2>{props.title}</h2>
      </button>
      <span className="jp-ArgonSection-note">{props.note}</span>
      {props.children}
    </div>
  );
}
