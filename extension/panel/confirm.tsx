import { useEffect, useRef, useState, type ReactNode } from 'react';
import { usePanel } from './context';
import { TextButton } from './parts';

/** Asks in place before something is done that one may regret. The safe answer has the focus. */
export function Confirm(props: {
  readonly title: string;
  readonly accept: string;
  readonly isDanger?: boolean;
  readonly onAccept: () => Promise<boolean>;
  readonly others?: ReactNode;
  readonly children: ReactNode;
}): JSX.Element {
  const { panel, trans } = usePanel();
  const [isBusy, setBusy] = useState(false);
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => cancel.current?.focus(), []);
  const accept = async () => {
    setBusy(true);
    if (await props.onAccept()) {
      panel.answered();
    }
    setBusy(false);
  };
  return (
    <div
      className="jp-ArgonQuestion"
      role="alertdialog"
      aria-label={props.title}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          panel.answered();
        }
      }}
    >
      <h3>{props.title}</h3>
      {props.children}
      <div className="jp-ArgonQuestion-actions">
        <TextButton
          isDanger={props.isDanger === true}
          isPrimary={props.isDanger !== true}
          disabled={isBusy}
          onClick={() => void accept()}
        >
          {props.accept}
        </TextButton>
        {props.others}
        <TextButton ref={cancel} onClick={() => panel.answered()}>
          {trans.__('Cancel')}
        </TextButton>
      </div>
    </div>
  );
}
