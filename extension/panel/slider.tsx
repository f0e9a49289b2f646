import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject
} from 'react';
import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { clockAndDay } from '../format/time';
import { changes } from '../format/words';
import { runName } from '../graph/rowName';
import { branchAddIcon, firstIcon, lastIcon, nextIcon, pinIcon, previousIcon } from '../icons';
import { keyOf } from '../model/history';
import type { ProjectModel } from '../model/project';
import { useNow, usePanel } from './context';
import { IconButton, TextButton } from './parts';
import { changesAfter, entryAt, labelsWithRoom, stepFrom, trackOf, type ITrackLabel } from './track';

/** Width of a letter in a label, in pixels, and of the room around a label. */
const LETTER_PX = 6.5;
const AROUND_PX = 10;

/** Width of a pin's icon, in pixels. */
const ICON_PX = 15;

/** Width of an element, in pixels; as it is now, and as it becomes. */
function useWidth(element: RefObject<HTMLElement>): number {
  const [width, setWidth] = useState(300);
  const node = element.current;
  useEffect(() => {
    if (node === null) {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(Math.max(1, node.clientWidth)));
    observer.observe(node);
    return () => observer.disconnect();
  }, [node]);
  return width;
}

/** Looks at any state of the branch, from LSN 0 to its head. It never switches: "Open here" does. */
export function Slider({ project }: { readonly project: ProjectModel }): JSX.Element | null {
  const { panel, commands, trans } = usePanel();
  const now = useNow(60_000);
  const [isDragged, setDragged] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  const width = useWidth(bar);
  const session = panel.workspace.sessionHere;
  const branch = session?.branch ?? project.defaultBranch;
  const { history } = project;
  const timeline = useMemo(
    () => [...history.timelines.values()].find(line => line.branch === branch),
    [history.timelines, branch]
  );
  const track = useMemo(
    () =>
      timeline === undefined
        ? undefined
        : trackOf(history.entries, history.timelines, timeline.id, history.head),
    [history, timeline]
  );
  if (track === undefined) {
    return null;
  }
  const own = session?.lsn ?? track.branchHead;
  const selected = history.entries.find(entry => keyOf(entry) === panel.selected);
  const isOnTrack = selected !== undefined && track.entries.includes(selected);
  const lsn = panel.looked ?? (isOnTrack ? selected.lastLsn : own);
  const isAway = panel.looked !== undefined && panel.looked !== own;
  const share = (at: number) => `${track.head === 0 ? 0 : (100 * Math.min(at, track.head)) / track.head}%`;
  const look = (to: number) => {
    const target = Math.max(0, Math.min(track.head, Math.round(to)));
    const entry = entryAt(track, target);
    panel.look(target === own ? undefined : target, entry === undefined ? undefined : keyOf(entry));
  };
  const words = whereWords();
  const labels = labelsWithRoom(
    wantedLabels(),
    track.head,
    label => (label.text.length * LETTER_PX + AROUND_PX + (label.kind === 'pin' ? ICON_PX : 0)) / width
  );

  const onPointer = (event: PointerEvent<HTMLDivElement>) => {
    const box = bar.current?.getBoundingClientRect();
    if (box !== undefined && box.width > 0) {
      look(snapped(((event.clientX - box.left) / box.width) * track.head, box.width));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = {
      ArrowLeft: lsn - 1,
      ArrowDown: lsn - 1,
      ArrowRight: lsn + 1,
      ArrowUp: lsn + 1,
      PageUp: stepFrom(track, lsn, 1),
      PageDown: stepFrom(track, lsn, -1),
      Home: 0,
      End: track.branchHead
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      look(to);
    }
  };
  return (
    <>
      {isAway && (
        <div className="jp-ArgonLook" role="status">
          <b>{trans.__('Looking at %1', `${branch}@${lsn}`)}</b>
          <div>
            {session === undefined
              ? trans.__('read-only; there is no session to move')
              : trans.__('read-only; the session stays at %1', `${branch}@${own}`)}
          </div>
          <div className="jp-ArgonLook-actions">
            <TextButton
              isPrimary
              disabled={session === undefined}
              onClick={() => void commands.execute(CommandIds.switchTo, { ref: `${branch}@${lsn}` })}
            >
              {trans.__('Open here')}
            </TextButton>
            <TextButton
              icon={branchAddIcon}
              onClick={() => void commands.execute(CommandIds.createBranch, { from: `${branch}@${lsn}` })}
            >
              {trans.__('Branch here')}
            </TextButton>
            <TextButton className="jp-ArgonLook-back" onClick={() => panel.look(undefined)}>
              {trans.__('Back to %1', String(own))}
            </TextButton>
          </div>
        </div>
      )}
      <div className="jp-ArgonSlider">
        <div className="jp-ArgonSlider-bar">
          <span className="jp-ArgonSlider-lsn">{trans.__('LSN %1', count(lsn))}</span>
          <span className="jp-ArgonSlider-where" title={words}>
            {words}
          </span>
          <span className="jp-ArgonSlider-steps">
            {(
              [
                [firstIcon, trans.__('To LSN 0'), 0],
                [previousIcon, trans.__('One entry back'), stepFrom(track, lsn, -1)],
                [nextIcon, trans.__('One entry on'), stepFrom(track, lsn, 1)],
                [lastIcon, trans.__('To the head of %1', branch), track.branchHead]
              ] as const
            ).map(([icon, label, to]) => (
              <IconButton key={label} icon={icon} label={label} tabIndex={-1} onClick={() => look(to)} />
            ))}
          </span>
        </div>
        <div
          className={`jp-ArgonSlider-track${isDragged ? ' jp-mod-dragged' : ''}`}
          role="slider"
          tabIndex={0}
          aria-label={trans.__('Time travel on %1', branch)}
          aria-valuemin={0}
          aria-valuemax={track.head}
          aria-valuenow={lsn}
          aria-valuetext={trans.__('LSN %1, %2', count(lsn), words)}
          onKeyDown={onKeyDown}
          onPointerDown={event => {
            event.currentTarget.setPointerCapture(event.pointerId);
            setDragged(true);
            onPointer(event);
          }}
          onPointerMove={event => isDragged && onPointer(event)}
          onPointerUp={() => setDragged(false)}
          onPointerCancel={() => setDragged(false)}
        >
          <div ref={bar} className="jp-ArgonSlider-line">
            {track.ranges.map(({ from, to }) => (
              <span
                key={from}
                className="jp-ArgonSlider-range"
                style={{
                  left: share(from === 1 ? 0 : from),
                  width: `calc(${share(to)} - ${share(from === 1 ? 0 : from)})`
                }}
              />
            ))}
            {project.runs
              .filter(run =>
                track.entries.some(entry => entry.timeline === run.timeline && run.lsn >= entry.firstLsn)
              )
              .map(run => (
                <span
                  key={run.id}
                  className="jp-ArgonSlider-run"
                  title={runName(run)}
                  style={{ left: share(run.lsn) }}
                />
              ))}
            {isAway && <span className="jp-ArgonSlider-own" style={{ left: share(own) }} />}
            <span className="jp-ArgonSlider-handle" style={{ left: share(lsn) }} />
          </div>
        </div>
        <div className="jp-ArgonSlider-labels" aria-hidden="true">
          {labels.map(label => (
            <span
              key={`${label.kind}${label.at}`}
              className={`jp-mod-${label.kind}`}
              style={{ '--jp-argon-at': share(label.at) } as CSSProperties}
            >
              {label.kind === 'pin' && <pinIcon.react tag="span" className="jp-ArgonIcon jp-mod-small" />}
              {label.text}
            </span>
          ))}
        </div>
      </div>
    </>
  );

  /** Within three pixels of an entry's end, a hand means that entry. */
  function snapped(at: number, width: number): number {
    const reach = (3 / width) * (track?.head ?? 0);
    const near = track?.entries.find(entry => Math.abs(entry.lastLsn - at) <= reach);
    return near?.lastLsn ?? at;
  }

  function whereWords(): string {
    if (track === undefined) {
      return '';
    }
    const entry = entryAt(track, lsn);
    if (entry === undefined) {
      return trans.__('the empty project');
    }
    const at = clockAndDay(entry.lastAt, now, trans);
    const after = changesAfter(track, lsn);
    return after === 0
      ? trans.__('%1, head of %2', at, branch)
      : trans.__('%1, before %2', at, changes(after, trans));
  }

  function wantedLabels(): readonly ITrackLabel[] {
    const head = track?.head ?? 0;
    const ends: ITrackLabel[] = [
      { at: 0, text: '0', kind: 'end' },
      { at: head, text: count(head), kind: 'end' }
    ];
    const fork: ITrackLabel[] =
      track?.fork === undefined || track.fork === 0
        ? []
        : [{ at: track.fork, text: trans.__('fork %1', count(track.fork)), kind: 'fork' }];
    const pins = project.pins
      .filter(pin => track?.entries.some(entry => entry.timeline === pin.timeline) === true)
      .map((pin): ITrackLabel => ({ at: pin.lsn, text: pin.name, kind: 'pin' }));
    return head === 0 ? ends.slice(0, 1) : [...ends, ...fork, ...pins];
  }
}
