import { expandAllIcon, collapseAllIcon } from '@jupyterlab/ui-components';
import { useState } from 'react';
import { isOpen } from '../client/connectionState';
import { count } from '../format/count';
import { clockSeconds } from '../format/time';
import { GraphView } from '../graph/graphView';
import { UNFOLDED_MAX } from '../graph/layout';
import type { ProjectModel } from '../model/project';
import { usePanel } from './context';
import { IconButton, SectionTitle, Segmented } from './parts';

/** Entries that are unfolded at once; more would be a wall of text. */
const UNFOLD_ALL_MAX = 20;

/** The section with the branch graph. */
export function HistorySection({ project }: { readonly project: ProjectModel }): JSX.Element {
  const { panel, trans } = usePanel();
  const [isExpanded, setExpanded] = useState(true);
  const { entries, horizon, next } = project.history;
  const isLive = isOpen(panel.workspace.client.state);
  const isUnfolded = project.unfolded.size > 0;
  // The empty project counts too: it is a state one can go back to.
  const total = entries.length + (next === undefined ? 1 : 0);
  const noteText = !isLive
    ? trans.__('as of %1', clockSeconds(project.asOf))
    : horizon > 0
      ? trans.__('kept from LSN %1', count(horizon))
      : next === undefined
        ? trans._n('%2 entry', '%2 entries', total, count(total))
        : trans.__('%1 newest entries', count(entries.length));
  return (
    <section className={`jp-ArgonSection jp-ArgonHistory${isExpanded ? '' : ' jp-mod-folded'}`}>
      <SectionTitle
        title={trans.__('History')}
        note={noteText}
        isOpen={isExpanded}
        onToggle={() => setExpanded(!isExpanded)}
      >
        <Segmented
          label={trans.__('Scale of the history')}
          choices={[
            ['lsn', trans.__('LSN')],
            ['time', trans.__('Time')]
          ]}
          value={panel.axis}
          onChange={axis => {
            panel.axis = axis;
          }}
        />
        <IconButton
          icon={isUnfolded ? collapseAllIcon : expandAllIcon}
          label={isUnfolded ? trans.__('Fold all entries') : trans.__('Unfold the newest entries')}
          onClick={() => {
            if (isUnfolded) {
              project.foldAll();
            } else {
              entries
                .filter(entry => entry.lastLsn > entry.firstLsn)
                .slice(0, UNFOLD_ALL_MAX)
                .forEach(entry => void project.unfold(entry, true, UNFOLDED_MAX));
            }
          }}
        />
      </SectionTitle>
      {isExpanded && <GraphView project={project} isStale={!isLive} />}
    </section>
  );
}
