import type { TranslationBundle } from '@jupyterlab/translation';
import type { Origin } from '../client/protocol';
import { ago, fullTime, moment } from '../format/time';
import { cellName } from '../format/words';
import { useView } from './viewContext';

/** Who wrote something, when, and in which cell: `ada · 4 min ago · 02-clean.ipynb cell [3]`. */
export function OriginLine(props: {
  readonly origin: Origin;
  readonly time: string;
  /** The time in words; the tooltip has it in full. */
  readonly when: string;
  readonly openCell: (notebook: string, cell: string | undefined) => void;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { openCell, trans } = props;
  const { actor, notebook, cell, cellNumber } = props.origin;
  return (
    <>
      {actor}
      {' · '}
      <span title={fullTime(props.time)}>{props.when}</span>
      {notebook !== undefined && (
        <>
          {' · '}
          <button
            type="button"
            className="jp-ArgonLink"
            title={notebook}
            onClick={() => openCell(notebook, cell)}
          >
            {cellName(notebook, cellNumber, trans)}
          </button>
        </>
      )}
    </>
  );
}

/** The same of a change, in a view: with its time, or with how long ago that was. */
export function ChangeOrigin(props: {
  readonly change: { readonly origin: Origin; readonly time: string };
  readonly isAgo?: boolean;
}): JSX.Element {
  const { trans, openCell } = useView();
  const { origin, time } = props.change;
  const now = Date.now();
  return (
    <OriginLine
      origin={origin}
      time={time}
      when={props.isAgo === true ? ago(time, now, trans) : moment(time, now, trans)}
      openCell={openCell}
      trans={trans}
    />
  );
}
