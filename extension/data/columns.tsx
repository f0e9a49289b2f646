import { useEffect, useRef, useState } from 'react';
import { count } from '../format/count';
import { TextButton } from '../panel/parts';
import { useView } from '../view/viewContext';
import type { DataModel } from './dataModel';

/** Fields that the list shows at once; one types to find others. */
const FIELDS_SHOWN = 200;

/** The button that chooses columns by field path, with the types that the first documents have there. */
export function ColumnsButton({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  const [isOpen, setOpen] = useState(false);
  const [search, setSearch] = useState('');
  const node = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!isOpen) {
      return;
    }
    input.current?.focus();
    const close = (event: PointerEvent) => {
      if (event.target instanceof Node && node.current?.contains(event.target) === false) {
        setOpen(false);
      }
    };
    document.addEventListener('pointerdown', close, true);
    return () => document.removeEventListener('pointerdown', close, true);
  }, [isOpen]);
  const shown = new Set(model.columns);
  const wanted = search.trim().toLowerCase();
  const found = model.fields.filter(({ path }) => path.toLowerCase().includes(wanted));
  const toggle = (path: string) => {
    const { columns } = model;
    if (shown.has(path)) {
      model.showColumns(columns.filter(known => known !== path));
      return;
    }
    // In the order of the documents, whatever the order in which they were chosen.
    const order = model.fields.map(field => field.path);
    const all = [...columns, path];
    model.showColumns(all.sort((one, other) => order.indexOf(one) - order.indexOf(other)));
  };
  return (
    <div
      ref={node}
      className="jp-ArgonData-columns"
      onKeyDown={event => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          setOpen(false);
          button.current?.focus();
        }
      }}
    >
      <TextButton ref={button} aria-haspopup="dialog" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {trans.__('Columns')}
      </TextButton>
      {isOpen && (
        <div className="jp-ArgonData-popup" role="dialog" aria-label={trans.__('Columns')}>
          <div className="jp-ArgonInput">
            <input
              ref={input}
              type="text"
              value={search}
              spellCheck={false}
              placeholder={trans.__('Find a field')}
              aria-label={trans.__('Find a field')}
              onChange={event => setSearch(event.target.value)}
            />
          </div>
          <ul>
            {found.slice(0, FIELDS_SHOWN).map(field => (
              <li key={field.path}>
                <label title={field.path}>
                  <input
                    type="checkbox"
                    checked={shown.has(field.path)}
                    onChange={() => toggle(field.path)}
                  />
                  <code>{field.path}</code>
                  <span>{field.types.join(' · ')}</span>
                  <span className="jp-ArgonData-share">
                    {field.count === model.sampled
                      ? ''
                      : trans.__('in %1 of %2', count(field.count), count(model.sampled))}
                  </span>
                </label>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p>{trans.__('No field of the first documents is named so.')}</p>}
          {found.length > FIELDS_SHOWN && (
            <p>{trans.__('%1 more; type to find them', count(found.length - FIELDS_SHOWN))}</p>
          )}
          <div className="jp-ArgonData-popupEnd">
            <span>{trans.__('From the first %1 documents', count(model.sampled))}</span>
            <TextButton disabled={!model.hasOwnColumns} onClick={() => model.showColumns(undefined)}>
              {trans.__('Usual columns')}
            </TextButton>
          </div>
        </div>
      )}
    </div>
  );
}
