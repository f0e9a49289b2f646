import type { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon, historyIcon, searchIcon } from '@jupyterlab/ui-components';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Branch, State } from '../client/protocol';
import { codeOf, messageOf } from '../client/rpcError';
import { count } from '../format/count';
import { branchAddIcon, branchIcon, pinIcon } from '../icons';
import { placeOf } from '../model/refs';
import type { Workspace } from '../model/workspace';
import { PopUp } from '../view/popUp';
import { pickerOptions, type IPickerOption } from './options';

/** Branches asked for at once. */
const BRANCHES_MAX = 50;

/** A pause in typing, in milliseconds, after which the bridge is asked. */
const PAUSE_MS = 100;

/** Width of the picker, in pixels. */
const WIDTH_PX = 320;

/** The pop-up that picks a branch, a pin, an LSN or a time. */
export class Picker extends PopUp {
  /** Opens the picker and resolves with the ref that was picked; undefined when it was closed. */
  static pick(options: Picker.IOptions): Promise<string | undefined> {
    return new Promise(resolve => {
      const picker = new Picker(options, resolve);
      PopUp.show(picker);
    });
  }

  private constructor(options: Picker.IOptions, resolve: (ref: string | undefined) => void) {
    super({ anchor: options.anchor, width: WIDTH_PX });
    this._options = options;
    this._resolve = resolve;
    this.addClass('jp-ArgonPicker');
  }

  override dispose(): void {
    this._resolve(undefined);
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <PickerBody
        {...this._options}
        onPick={ref => {
          this._resolve(ref);
          this.leave();
        }}
        onClose={() => this.leave()}
      />
    );
  }

  private readonly _options: Picker.IOptions;
  private readonly _resolve: (ref: string | undefined) => void;
}

/** Types of `Picker`. */
export namespace Picker {
  export interface IOptions {
    readonly workspace: Workspace;
    readonly trans: TranslationBundle;
    /** What the ref is for: `Switch to`. */
    readonly prompt: string;
    /** Element the picker opens at. */
    readonly anchor: HTMLElement | undefined;
    /** Called for "New branch from …"; absent where a new branch makes no sense. */
    readonly onNewBranch?: (from: string) => void;
  }
}

function PickerBody(
  props: Picker.IOptions & { readonly onPick: (ref: string) => void; readonly onClose: () => void }
): JSX.Element {
  const { workspace, trans } = props;
  const { client } = workspace;
  const session = workspace.session;
  const project = session?.project ?? workspace.projectName;
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [found, setFound] = useState<Found>();
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (project === undefined) {
      return;
    }
    let isCurrent = true;
    const timer = setTimeout(
      () => {
        void find(workspace, project, text.trim()).then(
          answer => {
            if (isCurrent) {
              setFound(answer);
              setActive(0);
            }
          },
          (error: unknown) =>
            isCurrent && setFound({ branches: [], total: 0, state: undefined, trouble: error })
        );
      },
      text === '' ? 0 : PAUSE_MS
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, project, text]);

  const options = useMemo(
    () =>
      pickerOptions({
        text,
        branches: found?.branches ?? [],
        pins: found?.pins ?? [],
        state: found?.state,
        current: session?.branch,
        now: Date.now(),
        trans
      }),
    [found, session?.branch]
  );
  const from = session === undefined ? undefined : placeOf(session);
  const canAdd = props.onNewBranch !== undefined && from !== undefined;
  const last = options.length + (canAdd ? 1 : 0) - 1;
  const pick = (index: number) => {
    const option = options[index];
    if (option !== undefined) {
      props.onPick(option.ref);
    } else if (canAdd) {
      props.onClose();
      props.onNewBranch?.(from);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(last, to));
      setActive(next);
      list.current?.querySelectorAll('[role="option"]')[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (options.length > 0 || canAdd) {
        pick(active);
      }
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      props.onClose();
    }
  };
  return (
    <div className="jp-ArgonPicker-body" role="dialog" aria-label={props.prompt} onKeyDown={onKeyDown}>
      <div className="jp-ArgonInput">
        <searchIcon.react tag="span" className="jp-ArgonIcon" />
        <input
          type="text"
          autoFocus
          value={text}
          spellCheck={false}
          role="combobox"
          aria-expanded={true}
          aria-controls="jp-argon-picker-list"
          aria-activedescendant={`jp-argon-picker-${active}`}
          aria-label={props.prompt}
          placeholder={trans.__('Branch, pin, LSN or time')}
          onChange={event => setText(event.target.value)}
        />
      </div>
      <div ref={list} id="jp-argon-picker-list" role="listbox" aria-label={props.prompt}>
        {options.map((option, index) => (
          <OptionRow
            key={`${option.kind}${option.ref}`}
            id={`jp-argon-picker-${index}`}
            option={option}
            isActive={index === active}
            onPoint={() => setActive(index)}
            onPick={() => pick(index)}
          />
        ))}
        {found !== undefined && options.length === 0 && (
          <div className="jp-ArgonPicker-none">{noneText(found)}</div>
        )}
        {project === undefined && (
          <div className="jp-ArgonPicker-none">
            {trans.__('There is no project yet. Run %argon init NAME in a notebook.')}
          </div>
        )}
        {found !== undefined && found.total > found.branches.length && (
          <div className="jp-ArgonPicker-none">
            {trans.__(
              '%1 of %2 branches; type to find the others',
              count(found.branches.length),
              count(found.total)
            )}
          </div>
        )}
        {canAdd && (
          <div
            id={`jp-argon-picker-${options.length}`}
            role="option"
            aria-selected={active === options.length}
            className="jp-ArgonPicker-row jp-ArgonPicker-add"
            onPointerMove={() => setActive(options.length)}
            onClick={() => pick(options.length)}
          >
            <span className="jp-ArgonPicker-check" />
            <branchAddIcon.react tag="span" className="jp-ArgonIcon" />
            <span className="jp-ArgonPicker-label">{trans.__('New branch from %1…', from)}</span>
          </div>
        )}
      </div>
    </div>
  );

  function noneText(answer: Found): string {
    const { trouble } = answer;
    return trouble === undefined
      ? trans.__('No branch or pin is called “%1”.', text.trim())
      : trans.__('%1 (%2)', messageOf(trouble), codeOf(trouble));
  }
}

/** What was found for a text. */
interface Found {
  readonly branches: readonly Branch[];
  readonly pins?: Parameters<typeof pickerOptions>[0]['pins'];
  readonly total: number;
  readonly state: State | undefined;
  readonly trouble?: unknown;
}

async function find(workspace: Workspace, project: string, text: string): Promise<Found> {
  const { client } = workspace;
  const session = workspace.session;
  const [list, pins, state] = await Promise.all([
    client.call('branch.list', { project, limit: BRANCHES_MAX, ...(text === '' ? {} : { search: text }) }),
    client.call('pin.list', { project }),
    text === '' ? undefined : resolve(workspace, project, text, session?.branch)
  ]);
  return {
    branches: list.branches,
    total: list.total,
    pins,
    state: state !== undefined && 'ref' in state ? state : undefined,
    ...(state !== undefined && 'trouble' in state ? { trouble: state.trouble } : {})
  };
}

/** The state that a text names: a ref as it stands, or an LSN or a time on the session's branch. */
async function resolve(
  workspace: Workspace,
  project: string,
  text: string,
  branch: string | undefined
): Promise<State | { readonly trouble: unknown } | undefined> {
  const isPlace = /^\d+$|^-\d+[smhd]$|^\d{4}-\d\d-\d\d/.test(text);
  if (!isPlace && !/[@:]/.test(text)) {
    return undefined;
  }
  const ref = isPlace ? `${branch ?? workspace.project?.defaultBranch ?? 'main'}@${text}` : text;
  return workspace.client
    .call('ref.resolve', { project, ref })
    .catch((trouble: unknown): { readonly trouble: unknown } => ({ trouble }));
}

function OptionRow(props: {
  readonly id: string;
  readonly option: IPickerOption;
  readonly isActive: boolean;
  readonly onPoint: () => void;
  readonly onPick: () => void;
}): JSX.Element {
  const { option } = props;
  const Icon = { branch: branchIcon, pin: pinIcon, state: historyIcon }[option.kind];
  return (
    <div
      id={props.id}
      role="option"
      aria-selected={props.isActive}
      aria-current={option.isCurrent}
      className="jp-ArgonPicker-row"
      onPointerMove={props.onPoint}
      onClick={props.onPick}
    >
      <span className="jp-ArgonPicker-check">
        {option.isCurrent && <checkIcon.react tag="span" className="jp-ArgonIcon" />}
      </span>
      <Icon.react tag="span" className="jp-ArgonIcon" />
      <span className="jp-ArgonPicker-label" title={option.label}>
        {option.label}
      </span>
      <span className="jp-ArgonPicker-note">{option.note}</span>
    </div>
  );
}
