import { useEffect, useRef, useState, type ReactNode } from 'react';
import { usePanel } from './context';
import { TextButton } from './parts';

/** Asks for a name in place. Enter accepts, Escape takes the question away. */
export function NameForm(props: {
  readonly title: string;
  readonly note?: string;
  readonly placeholder: string;
  readonly initial?: string;
  readonly accept: string;
  /** A choice beside the name. */
  readonly option?: { readonly label: string; readonly initial: boolean };
  readonly onAccept: (name: string, option: boolean) => Promise<boolean>;
  readonly children?: ReactNode;
}): JSX.Element {
  const { panel, trans } = usePanel();
  const [name, setName] = useState(props.initial ?? '');
  const [option, setOption] = useState(props.option?.initial ?? false);
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const accept = async () => {
    setBusy(true);
    if (await props.onAccept(name.trim(), option)) {
      panel.answered();
    }
    setBusy(false);
  };
  return (
    <form
      className="jp-ArgonQuestion"
      aria-label={props.title}
      onSubmit={event => {
        event.preventDefault();
        if (name.trim() !== '') {
          void accept();
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          panel.answered();
        }
      }}
    >
      <h3>{props.title}</h3>
      {props.note !== undefined && <p>{props.note}</p>}
      <div className="jp-ArgonInput">
        <input
          ref={input}
          type="text"
          value={name}
          placeholder={props.placeholder}
          aria-label={props.placeholder}
          spellCheck={false}
          onChange={event => setName(event.target.value)}
        />
      </div>
      {props.option !== undefined && (
        <label className="jp-ArgonCheck">
          <input type="checkbox" checked={option} onChange={event => setOption(event.target.checked)} />
          {props.option.label}
        </label>
      )}
      {props.children}
      <div className="jp-ArgonQuestion-actions">
        <TextButton type="submit" isPrimary disabled={isBusy || name.trim() === ''}>
          {props.accept}
        </TextButton>
        <TextButton onClick={() => panel.answered()}>{trans.__('Cancel')}</TextButton>
      </div>
    </form>
  );
}
