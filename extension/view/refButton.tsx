import { caretDownIcon } from '@jupyterlab/ui-components';
import { branchIcon } from '../icons';
import { splitRef } from '../model/refs';

/** A ref that can be changed: `From ⑂ main@1192 ▾`. */
export function RefButton(props: {
  readonly label: string;
  readonly text: string;
  readonly isSession: boolean;
  readonly title: string;
  readonly onClick: (anchor: HTMLElement) => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-ArgonRef"
      title={props.title}
      aria-haspopup="dialog"
      onClick={event => props.onClick(event.currentTarget)}
    >
      <span className="jp-ArgonRef-label">{props.label}</span>
      <branchIcon.react tag="span" className={`jp-ArgonIcon${props.isSession ? ' jp-mod-session' : ''}`} />
      <RefText text={props.text} />
      <caretDownIcon.react tag="span" className="jp-ArgonIcon" />
    </button>
  );
}

/** A ref that is what it is: `Merge ⑂ clean-nulls@1204`. */
export function FixedRef({ label, text }: { readonly label: string; readonly text: string }): JSX.Element {
  return (
    <span className="jp-ArgonRef jp-mod-fixed">
      <span className="jp-ArgonRef-label">{label}</span>
      <branchIcon.react tag="span" className="jp-ArgonIcon" />
      <RefText text={text} />
    </span>
  );
}

/** The branch stands out from the LSN behind it. */
function RefText({ text }: { readonly text: string }): JSX.Element {
  const [name] = splitRef(text);
  return (
    <span>
      <b>{name}</b>
      <span className="jp-ArgonRef-rest">{text.slice(name.length)}</span>
    </span>
  );
}
