import { useEffect, useRef, useState } from 'react';
import type { Answer, Value } from '../client/protocol';
import { TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import { editable, OWN_TYPES, parseOwn, type OwnType, type Parsed } from './ownValue';

/** Lets a person type a value of their own, of a type of their choice. */
export function OwnEditor(props: {
  readonly initial: Value;
  readonly onAccept: (answer: Answer) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { trans } = useView();
  const start = editable(props.initial);
  const [type, setType] = useState<OwnType>(start.type);
  const [text, setText] = useState(start.text);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const parsed = parseOwn(type, text);
  const accept = () => {
    if ('answer' in parsed) {
      props.onAccept(parsed.answer);
      props.onClose();
    }
  };
  const hasText = type !== 'null' && type !== 'missing';
  return (
    <div
      className="jp-ArgonOwn"
      role="group"
      aria-label={trans.__('Own value')}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter') {
          event.preventDefault();
          accept();
        } else if (event.key === 'Escape') {
          event.preventDefault();
          props.onClose();
        }
      }}
    >
      <div className="jp-ArgonInput">
        <input
          ref={input}
          type="text"
          value={hasText ? text : ''}
          disabled={!hasText}
          spellCheck={false}
          aria-label={trans.__('Own value')}
          aria-invalid={'trouble' in parsed}
          placeholder={hasText ? undefined : type === 'missing' ? trans.__('not there') : type}
          onChange={event => setText(event.target.value)}
        />
        <select
          value={type}
          aria-label={trans.__('Type of the value')}
          onChange={event => setType(event.target.value as OwnType)}
        >
          {OWN_TYPES.map(name => (
            <option key={name} value={name}>
              {name === 'missing' ? trans.__('not there') : name}
            </option>
          ))}
        </select>
      </div>
      <TextButton isPrimary disabled={'trouble' in parsed} onClick={accept}>
        {trans.__('Use')}
      </TextButton>
      <TextButton onClick={props.onClose}>{trans.__('Cancel')}</TextButton>
      <span className="jp-ArgonOwn-note" aria-live="polite">
        {troubleText(parsed)}
      </span>
    </div>
  );

  function troubleText(answer: Parsed): string {
    if ('answer' in answer) {
      return '';
    }
    return {
      number: trans.__('This is no number of that type.'),
      range: trans.__('This number is too large for that type.'),
      bool: trans.__('Type true or false.'),
      date: trans.__('Type a date such as 2007-11-16 or 2007-11-16T09:00:00Z.'),
      json: trans.__('This is no JSON.')
    }[answer.trouble];
  }
}
