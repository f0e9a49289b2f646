import { caretDownIcon } from '@jupyterlab/ui-components';
import { branchIcon } from '../icons';

/** A ref that can be changed: `From ⑂ main@1192 ▾`. */
export function RefButton(props: {
  readonly label: string;
  readonly text: string;
  readonly isSession: boolean;
  readonly title: string;
  readonly onClick: (anchor: HTMLElement) => void;
}): JSX.Element {
  const at = props.text.lastIndexOf('@');
  const name = at > 0 ? props.text.slice(0, at) : props.text;
  const rest = at > 0 ? props.text.slice(at) : '';
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
      <span>
        <b>{name}</b>
        <span className="jp-ArgonRef-rest">{rest}</span>
      </span>
      <caretDownIcon.react tag="span" className="jp-ArgonIcon" />
    </button>
  );
}
