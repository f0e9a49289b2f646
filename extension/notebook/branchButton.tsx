import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyIcon, ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useReducer } from 'react';
import { isOpen } from '../client/connectionState';
import { count } from '../format/count';
import { shortenMiddle } from '../format/shorten';
import { branchIcon } from '../icons';
import { placeOf } from '../model/refs';
import type { Workspace } from '../model/workspace';
import { useSignal } from '../panel/context';

/** Longest branch name that the toolbar shows whole, in characters. */
const NAME_MAX = 28;

/** The branch picker in a notebook's toolbar. It has its place before the kernel has a session. */
export class BranchButton extends ReactWidget {
  constructor(options: BranchButton.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-ArgonBranchButton');
  }

  protected override render(): JSX.Element {
    return <Button {...this._options} />;
  }

  private readonly _options: BranchButton.IOptions;
}

/** Types of `BranchButton`. */
export namespace BranchButton {
  export interface IOptions {
    readonly workspace: Workspace;
    readonly notebook: NotebookPanel;
    readonly trans: TranslationBundle;
    /** Without a status bar (Notebook 7) it also says where the branch stands. */
    readonly isWordy: boolean;
    readonly onClick: (anchor: HTMLElement) => void;
  }
}

function Button(props: BranchButton.IOptions): JSX.Element | null {
  const { workspace, notebook, trans } = props;
  useSignal(workspace.changed);
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  const { sessionContext } = notebook;
  useEffect(() => {
    const slot = () => draw();
    sessionContext.kernelChanged.connect(slot);
    return () => {
      sessionContext.kernelChanged.disconnect(slot);
    };
  }, [sessionContext]);
  const session = workspace.sessionOf({
    path: sessionContext.path,
    kernel: sessionContext.session?.kernel?.id
  });
  if (session?.project === undefined || !isOpen(workspace.client.state)) {
    return null;
  }
  const place = session.branch === undefined ? (session.ref ?? '') : session.branch;
  const standing =
    session.ahead === undefined || session.behind === undefined
      ? ''
      : trans.__('%1 ahead · %2 behind', count(session.ahead), count(session.behind));
  const label = props.isWordy
    ? [placeOf(session), standing].filter(part => part !== '').join(' · ')
    : session.writable
      ? place
      : placeOf(session);
  const title = [
    `${session.project}/${placeOf(session)}`,
    standing,
    session.writable ? '' : trans.__('read-only')
  ]
    .filter(part => part !== '')
    .join(' · ');
  return (
    <button
      type="button"
      className="jp-ArgonBranchButton-button"
      aria-haspopup="dialog"
      aria-label={trans.__('Data branch of this kernel: %1', title)}
      title={title}
      onClick={event => props.onClick(event.currentTarget)}
    >
      <branchIcon.react tag="span" className="jp-ArgonIcon" />
      <span>{shortenMiddle(label, props.isWordy ? 60 : NAME_MAX)}</span>
      <caretDownEmptyIcon.react tag="span" className="jp-ArgonIcon jp-ArgonBranchButton-caret" />
    </button>
  );
}
