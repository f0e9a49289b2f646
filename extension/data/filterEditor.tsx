import { jupyterTheme } from '@jupyterlab/codemirror';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useView } from '../view/viewContext';
import { suggest, type ISuggestions } from './completion';
import type { DataModel } from './dataModel';

/** Number of the editors, so that the ids of two lists differ. */
let editors = 0;

const NOTHING: ISuggestions = { from: 0, items: [] };

/**
 * The filter: one line of JupyterLab's CodeMirror. Names of fields and operators come up as one types; ↓ ↑ walk
 * through them, Tab or Enter takes one, Escape closes them, Enter reads.
 */
export function FilterEditor(props: {
  readonly model: DataModel;
  readonly describedBy: string;
}): JSX.Element {
  const { model } = props;
  const { trans } = useView();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const [list] = useState(() => `jp-argon-suggest-${++editors}`);
  const [suggestions, setSuggestions] = useState(NOTHING);
  const [active, setActive] = useState(-1);
  const isOpen = suggestions.items.length > 0;

  useEffect(() => {
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: model.filter,
        extensions: [
          jupyterTheme,
          EditorState.transactionFilter.of(change =>
            change.newDoc.lines > 1 ? [change, joined(change.newDoc.toString())] : change
          ),
          Prec.highest(keymap.of([{ key: 'Enter', run: () => true }])),
          EditorView.contentAttributes.of({
            role: 'combobox',
            'aria-multiline': 'false',
            'aria-label': trans.__('Filter'),
            'aria-autocomplete': 'list',
            'aria-describedby': props.describedBy,
            spellcheck: 'false'
          }),
          EditorView.updateListener.of(update => {
            if (update.docChanged) {
              model.filter = update.state.doc.toString();
            }
            if (update.docChanged && update.view.hasFocus) {
              const { head } = update.state.selection.main;
              setSuggestions(suggest(update.state.doc.toString(), head, model.fields));
              setActive(-1);
            } else if (update.selectionSet) {
              setSuggestions(NOTHING);
            }
          })
        ]
      })
    });
    view.current = editor;
    return () => editor.destroy();
  }, [model]);

  // The model's text changes without the editor when another collection is opened.
  useEffect(() => {
    const editor = view.current;
    if (editor !== undefined && editor.state.doc.toString() !== model.filter) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: model.filter } });
      setSuggestions(NOTHING);
    }
  }, [model, model.filter]);

  const hasTrouble = !('query' in model.parsed);
  useEffect(() => {
    const content = view.current?.contentDOM;
    content?.setAttribute('aria-expanded', String(isOpen));
    content?.setAttribute('aria-controls', list);
    content?.setAttribute('aria-invalid', String(hasTrouble));
    if (active >= 0 && isOpen) {
      content?.setAttribute('aria-activedescendant', `${list}-${active}`);
    } else {
      content?.removeAttribute('aria-activedescendant');
    }
  }, [isOpen, active, hasTrouble, list]);

  const take = (index: number) => {
    const editor = view.current;
    const item = suggestions.items[index];
    if (editor !== undefined && item !== undefined) {
      const { head } = editor.state.selection.main;
      const insert = item.insert;
      editor.dispatch({
        changes: {
          from: suggestions.from,
          to: behindQuote(editor.state.doc.toString(), suggestions.from, head),
          insert
        },
        selection: { anchor: suggestions.from + insert.length }
      });
      setSuggestions(NOTHING);
      editor.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { length } = suggestions.items;
    const stop = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      stop();
      setActive((active + (event.key === 'ArrowDown' ? 1 : active < 0 ? 0 : length - 1) + length) % length);
    } else if (isOpen && event.key === 'Escape') {
      stop();
      setSuggestions(NOTHING);
    } else if (isOpen && (event.key === 'Tab' || event.key === 'Enter') && active >= 0) {
      stop();
      take(active);
    } else if (event.key === 'Enter') {
      stop();
      setSuggestions(NOTHING);
      model.apply();
    } else if (event.key === ' ' && event.ctrlKey) {
      stop();
      const editor = view.current!;
      setSuggestions(suggest(editor.state.doc.toString(), editor.state.selection.main.head, model.fields));
      setActive(0);
    }
  };
  return (
    <div
      className={`jp-ArgonData-filter${hasTrouble ? ' jp-mod-invalid' : ''}`}
      onKeyDownCapture={onKeyDown}
      onBlur={() => setSuggestions(NOTHING)}
    >
      <div ref={host} className="jp-ArgonData-editor" />
      {model.filter === '' && (
        <span className="jp-ArgonData-placeholder" aria-hidden="true">
          {trans.__('Filter, such as { species: "Gentoo", body_mass_g: { $gt: 5000 } }')}
        </span>
      )}
      <ul
        id={list}
        role="listbox"
        className="jp-ArgonSuggest"
        aria-label={trans.__('Fields and operators')}
        hidden={!isOpen}
      >
        {suggestions.items.map((item, index) => (
          <li
            key={item.label}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            onPointerDown={event => {
              event.preventDefault();
              take(index);
            }}
          >
            <code>{item.label}</code>
            <span>{item.note}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Pasted lines as one. */
function joined(text: string): { changes: { from: number; to: number; insert: string }; sequential: true } {
  return { changes: { from: 0, to: text.length, insert: text.replace(/\s*\n\s*/g, ' ') }, sequential: true };
}

/** The end of what a suggestion replaces: with the quote that an editor put behind the cursor. */
function behindQuote(text: string, from: number, head: number): number {
  const quote = text[from];
  return (quote === '"' || quote === "'") && text[head] === quote ? head + 1 : head;
}
