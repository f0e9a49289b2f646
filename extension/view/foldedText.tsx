import { useState } from 'react';
import { count } from '../format/count';
import { useView } from './viewContext';

/** A text that is folded while it is long; what is hidden is said. */
export function FoldedText({ text }: { readonly text: string }): JSX.Element {
  const { trans, settings } = useView();
  const [isOpen, setOpen] = useState(false);
  const most = settings().foldedCharacters;
  if (text.length <= most) {
    return <code className="jp-ArgonValue-text">{text}</code>;
  }
  return (
    <>
      <code className={`jp-ArgonValue-text${isOpen ? ' jp-mod-long' : ''}`}>
        {isOpen ? text : `${text.slice(0, most)}…`}
      </code>{' '}
      <button type="button" className="jp-ArgonLink" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? trans.__('Fold') : trans.__('%1 more characters', count(text.length - most))}
      </button>
    </>
  );
}
