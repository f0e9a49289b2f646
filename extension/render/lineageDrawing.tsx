import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useRef, useState } from 'react';
import { count } from '../format/count';
import type { IPalette } from '../lineage/export/palette';
import type { LineageParts } from '../lineage/graph';

/** Runs that are drawn at first; more are drawn when asked. */
const RUNS_FIRST = 20;
const RUNS_MAX = 500;

/** The colours of the theme, so that the drawing follows it. */
const THEME: IPalette = {
  ground: 'none',
  box: 'var(--jp-layout-color1)',
  text: 'var(--jp-ui-font-color1)',
  quiet: 'var(--jp-ui-font-color2)',
  hairline: 'var(--jp-border-color2)',
  frame: 'var(--jp-border-color0)',
  line: 'var(--jp-inverse-layout-color3)',
  accent: 'var(--jp-brand-color1)',
  font: 'var(--jp-ui-font-family)'
};

/** The lineage that an output tells, drawn without a bridge. Folded until somebody looks at it. */
export function LineageDrawing(props: {
  readonly parts: LineageParts;
  readonly project: string;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { parts, project, trans } = props;
  const [isOpen, setOpen] = useState(false);
  const [runs, setRuns] = useState(RUNS_FIRST);
  const [isBroken, setBroken] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const drawn = Math.min(runs, parts.runs.length);
  useEffect(() => {
    if (!isOpen) {
      return;
    }
    let isCurrent = true;
    void Promise.all([
      import('../lineage/graph'),
      import('../lineage/layout'),
      import('../lineage/export/svg')
    ])
      .then(([{ graphOf }, { layout }, { svgPicture }]) => {
        const graph = graphOf({ ...parts, runs: parts.runs.slice(0, runs) });
        const facts = {
          generator: 'Argon',
          project,
          head: 0,
          exportedAt: '',
          filter: { search: '', branch: '', digest: '' },
          states: [],
          runs: []
        };
        const svg = svgPicture({
          graph,
          layout: layout(graph),
          palette: THEME,
          facts,
          path: undefined,
          selected: undefined,
          now: Date.now(),
          trans
        });
        svg.querySelectorAll('desc, metadata').forEach(element => element.remove());
        if (isCurrent) {
          place.current?.replaceChildren(svg);
        }
      })
      .catch(() => isCurrent && setBroken(true));
    return () => {
      isCurrent = false;
    };
  }, [isOpen, runs, parts]);
  return (
    <details className="jp-ArgonOutput-lineage" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {trans._n('Lineage of %2 run', 'Lineage of %2 runs', parts.runs.length, count(parts.runs.length))}
      </summary>
      {isBroken ? (
        <p className="jp-ArgonOutput-note">{trans.__('The lineage of this output cannot be drawn.')}</p>
      ) : (
        <div ref={place} className="jp-ArgonOutput-drawing" />
      )}
      {drawn < parts.runs.length && runs < RUNS_MAX && (
        <button
          type="button"
          className="jp-ArgonLink jp-ArgonOutput-more"
          onClick={() => setRuns(Math.min(RUNS_MAX, runs * 5))}
        >
          {trans.__('Draw more (%1 left)', count(parts.runs.length - drawn))}
        </button>
      )}
    </details>
  );
}
