import { filterListIcon, searchIcon } from '@jupyterlab/ui-components';
import { useEffect, useRef } from 'react';
import { usePanel } from './context';
import { IconButton } from './parts';

/** The filter over branches and entries, and the choice of what the graph draws. */
export function Filter(props: { readonly counted: string | undefined }): JSX.Element {
  const { panel, trans } = usePanel();
  const input = useRef<HTMLInputElement>(null);
  const isEmpty = panel.filter === '';
  useEffect(() => {
    // Typing in the graph fills the filter; the keys that follow belong here.
    if (!isEmpty) {
      input.current?.focus();
    }
  }, [isEmpty]);
  const hasSession = panel.workspace.sessionHere?.branch !== undefined;
  return (
    <div className="jp-ArgonFilter">
      <div className="jp-ArgonInput">
        <searchIcon.react tag="span" className="jp-ArgonIcon" />
        <input
          ref={input}
          type="text"
          value={panel.filter}
          placeholder={trans.__('Filter by branch, cell, person, run')}
          aria-label={trans.__('Filter by branch, cell, person or run; a ref shows that state')}
          spellCheck={false}
          onChange={event => {
            panel.filter = event.target.value;
          }}
          onKeyDown={event => {
            if (event.key === 'Escape' && panel.filter !== '') {
              event.preventDefault();
              event.stopPropagation();
              panel.filter = '';
            } else if (event.key === 'ArrowDown') {
              event.preventDefault();
              const panelNode = event.currentTarget.closest('.jp-ArgonPanel-body');
              panelNode?.querySelector<HTMLElement>('[role="treegrid"], [role="listbox"]')?.focus();
            }
          }}
        />
        {props.counted !== undefined && <span className="jp-ArgonInput-note">{props.counted}</span>}
      </div>
      <IconButton
        icon={filterListIcon}
        label={
          panel.isNarrowed
            ? trans.__('All branches are hidden but that of the session; show all')
            : trans.__('Show only the branch of the session and its ancestors')
        }
        aria-pressed={panel.isNarrowed}
        disabled={!hasSession}
        onClick={() => {
          panel.isNarrowed = !panel.isNarrowed;
        }}
      />
    </div>
  );
}
