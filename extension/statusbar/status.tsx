import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Workspace } from '../model/workspace';
import { count } from '../format/count';
import { branchIcon } from '../icons';
import { isOpen } from '../client/connectionState';
import { placeOf } from '../model/refs';
import { useSignal } from '../panel/context';

/** Where the current notebook's session is, in one line; empty when the notebook has none. */
export function statusText(workspace: Workspace, trans: TranslationBundle): string {
  const { session, client } = workspace;
  if (client.state.kind === 'reconnecting') {
    return trans.__('Argon: reconnecting…');
  }
  if (!isOpen(client.state) || session?.project === undefined) {
    return '';
  }
  const place = `${session.project}/${placeOf(session)}`;
  const main = workspace.projects?.find(project => project.name === session.project)?.defaultBranch ?? 'main';
  const parts = [place];
  if (session.branch !== main && session.ahead !== undefined && session.behind !== undefined) {
    parts.push(
      trans.__('%1 ahead', count(session.ahead)),
      trans.__('%1 behind %2', count(session.behind), main)
    );
  }
  if (!session.writable || client.isReadOnly) {
    parts.push(trans.__('read-only'));
  }
  return parts.join(' · ');
}

/** The item in the status bar. A click opens the picker. */
export class StatusItem extends ReactWidget {
  constructor(options: StatusItem.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-ArgonStatus');
  }

  protected override render(): JSX.Element {
    return <Line {...this._options} />;
  }

  private readonly _options: StatusItem.IOptions;
}

/** Types of `StatusItem`. */
export namespace StatusItem {
  export interface IOptions {
    readonly workspace: Workspace;
    readonly trans: TranslationBundle;
    readonly onClick: (anchor: HTMLElement) => void;
  }
}

function Line({ workspace, trans, onClick }: StatusItem.IOptions): JSX.Element | null {
  useSignal(workspace.changed);
  const text = statusText(workspace, trans);
  if (text === '') {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-ArgonStatus-button"
      title={trans.__('Argon: switch to a branch, pin or LSN')}
      onClick={event => onClick(event.currentTarget)}
    >
      <branchIcon.react tag="span" className="jp-ArgonIcon" />
      <span>{text}</span>
    </button>
  );
}
