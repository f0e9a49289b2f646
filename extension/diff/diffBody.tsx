import { copyIcon, refreshIcon, searchIcon } from '@jupyterlab/ui-components';
import { useCallback, type KeyboardEvent } from 'react';
import type { DocumentDiff } from '../client/protocol';
import { codeOf, messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { gist, idText } from '../format/value';
import { oneChange } from '../format/words';
import { opName } from '../graph/row';
import { mergeIcon, noticeIcon, swapIcon, warningIcon } from '../icons';
import { pinned } from '../model/refs';
import { useSignal } from '../panel/context';
import { IconButton, Segmented, Sign, TextButton } from '../panel/parts';
import { Picker } from '../picker/picker';
import { RefButton } from '../view/refButton';
import { useView } from '../view/viewContext';
import { VirtualList } from '../view/virtualList';
import type { DiffModel, TreeLine } from './diffModel';
import { DocumentView } from './documentView';
import { overlapText } from './overlap';
import { Toolbar } from '../view/toolbar';
import { ViewRoot } from '../view/viewRoot';

/** Height of a line of the tree, in pixels. */
const LINE_PX = 24;

/** The diff view: refs, summary, collections and documents at the left, one document at the right. */
export function DiffBody({ model }: { readonly model: DiffModel }): JSX.Element {
  const { commands, trans } = useView();
  useSignal(model.changed);
  const { diff } = model;
  const document = model.documents[model.selected];
  const step = (by: 1 | -1) => {
    const order = model.lines.flatMap(line => (line.kind === 'document' ? [line.index] : []));
    const at = order.indexOf(model.selected);
    model.selected = order[Math.max(0, Math.min(order.length - 1, at + by))] ?? model.selected;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const run = {
      j: () => step(1),
      k: () => step(-1),
      x: () => void model.swap()
    }[event.key];
    if (run !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      run();
    }
  };
  return (
    <ViewRoot onKeyDown={onKeyDown}>
      <DiffBar
        model={model}
        onMerge={(source, into) => void commands.execute(CommandIds.merge, { source, into })}
      />
      {model.isMoved && (
        <div className="jp-ArgonStrip jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>{trans.__('A head has moved since this diff was made.')}</span>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Update the diff')}
          </TextButton>
        </div>
      )}
      {model.error !== undefined && diff === undefined ? (
        <div className="jp-ArgonView-message" role="alert">
          <h3>{trans.__('These states cannot be compared')}</h3>
          <p>{messageOf(model.error)}</p>
          <div className="jp-ArgonCode">{codeOf(model.error)}</div>
        </div>
      ) : diff === undefined ? (
        <div className="jp-ArgonView-message">
          <p>{trans.__('Comparing %1 with %2…', model.from, model.to)}</p>
        </div>
      ) : (
        <>
          <Summary model={model} />
          <div className="jp-ArgonView-columns">
            <div className="jp-ArgonView-side">
              <div className="jp-ArgonFilter">
                <div className="jp-ArgonInput">
                  <searchIcon.react tag="span" className="jp-ArgonIcon" />
                  <input
                    type="text"
                    value={model.filter}
                    placeholder={trans.__('Filter by id, path or value')}
                    aria-label={trans.__('Filter by id, path or value')}
                    spellCheck={false}
                    onChange={event => {
                      model.filter = event.target.value;
                    }}
                  />
                </div>
              </div>
              <Tree model={model} />
              <div className="jp-ArgonView-catalog">
                <b>{trans.__('Indexes and options')}</b>
                {diff.catalog.length === 0 ? (
                  <p className="jp-ArgonBar-note">{trans.__('no change')}</p>
                ) : (
                  <ul>
                    {diff.catalog.map((change, index) => (
                      <li key={index}>{oneChange(change, trans)}</li>
                    ))}
                  </ul>
                )}
              </div>
            </div>
            <div className="jp-ArgonView-main">
              {document === undefined ? (
                <p className="jp-ArgonView-none">
                  {diff.summary.length === 0
                    ? trans.__('The documents of both states are the same.')
                    : trans.__('Select a document to see its fields.')}
                </p>
              ) : (
                <DocumentView
                  key={`${document.collection}:${JSON.stringify(document.id)}`}
                  model={model}
                  document={document}
                  onStep={step}
                />
              )}
            </div>
          </div>
        </>
      )}
    </ViewRoot>
  );
}

function DiffBar(props: {
  readonly model: DiffModel;
  readonly onMerge: (source: string, into: string) => void;
}): JSX.Element {
  const { model } = props;
  const { workspace, trans, copy } = useView();
  const { diff } = model;
  const session = workspace.session?.branch;
  const text = (ref: string, side: 'from' | 'to') => (diff === undefined ? ref : pinned(diff[side]));
  const pick = (side: 'from' | 'to') => (anchor: HTMLElement) => {
    const prompt = side === 'from' ? trans.__('Compare from') : trans.__('Compare to');
    void Picker.pick({ workspace, trans, prompt, anchor }).then(ref => {
      if (ref !== undefined) {
        void model.compare(side === 'from' ? ref : model.from, side === 'to' ? ref : model.to);
      }
    });
  };
  const toBranch = diff?.to.branch;
  const fromBranch = diff?.from.branch;
  const fork = workspace.project?.branches.get(toBranch ?? '')?.fork;
  const forkRef = fork?.branch === undefined ? undefined : `${fork.branch}@${fork.lsn}`;
  const isSinceFork = forkRef !== undefined && model.from === forkRef;
  return (
    <Toolbar label={trans.__('Tools of this view')} className="jp-ArgonBar">
      <RefButton
        label={trans.__('From')}
        text={text(model.from, 'from')}
        isSession={fromBranch !== undefined && fromBranch === session}
        title={trans.__('Compare from another state')}
        onClick={pick('from')}
      />
      <IconButton icon={swapIcon} label={trans.__('Swap the sides (X)')} onClick={() => void model.swap()} />
      <RefButton
        label={trans.__('To')}
        text={text(model.to, 'to')}
        isSession={toBranch !== undefined && toBranch === session}
        title={trans.__('Compare with another state')}
        onClick={pick('to')}
      />
      {forkRef !== undefined && (
        <Segmented
          label={trans.__('Compared with')}
          choices={[
            ['heads', trans.__('Heads')],
            ['fork', trans.__('Since the fork, %1', forkRef)]
          ]}
          value={isSinceFork ? 'fork' : 'heads'}
          onChange={value =>
            void model.compare(
              value === 'fork' ? forkRef : (fork?.branch ?? model.from),
              toBranch ?? model.to
            )
          }
        />
      )}
      <span className="jp-ArgonBar-space" />
      <TextButton
        icon={copyIcon}
        onClick={() => copy(`%argon diff ${text(model.from, 'from')} ${text(model.to, 'to')}`)}
      >
        {trans.__('Copy as code')}
      </TextButton>
      {fromBranch !== undefined && toBranch !== undefined && fromBranch !== toBranch && (
        <TextButton icon={mergeIcon} onClick={() => props.onMerge(toBranch, fromBranch)}>
          {trans.__('Merge into %1…', fromBranch)}
        </TextButton>
      )}
    </Toolbar>
  );
}

function Summary({ model }: { readonly model: DiffModel }): JSX.Element {
  const { trans } = useView();
  const summary = model.diff?.summary ?? [];
  const sum = (pick: (part: (typeof summary)[number]) => number) =>
    summary.reduce((total, part) => total + pick(part), 0);
  const added = sum(part => part.added);
  const changed = sum(part => part.changed);
  const deleted = sum(part => part.deleted);
  const differ = added + changed + deleted;
  const also = model.overlap === undefined ? undefined : overlapText(model.overlap, trans);
  const all =
    model.sides === undefined
      ? undefined
      : Math.max(...model.sides.map(side => side.collections.reduce((total, { count: n }) => total + n, 0)));
  return (
    <div className="jp-ArgonSummary">
      <b>
        {differ === 0
          ? trans.__('No document differs')
          : all === undefined
            ? trans._n('%2 document differs', '%2 documents differ', differ, count(differ))
            : trans.__('%1 of %2 documents differ', count(differ), count(Math.max(all, differ)))}
      </b>
      <Toolbar label={trans.__('Which documents are listed')} className="jp-ArgonSummary-counts">
        {(
          [
            ['insert', added, trans.__('%1 added', count(added))],
            ['update', changed, trans.__('%1 changed', count(changed))],
            ['delete', deleted, trans.__('%1 deleted', count(deleted))]
          ] as const
        ).map(([op, n, words]) =>
          n === 0 ? null : (
            <button
              key={op}
              type="button"
              aria-pressed={model.shows(op)}
              onClick={() => model.show(op, !model.shows(op))}
            >
              <Sign op={op} label={opName(op, trans)} />
              {words}
            </button>
          )
        )}
      </Toolbar>
      <span className="jp-ArgonSummary-note">
        {trans.__('computed in %1 ms', count(Math.max(1, model.tookMs)))}
      </span>
      <span className="jp-ArgonSummary-also" role="status">
        {also !== undefined && (
          <>
            <warningIcon.react tag="span" className="jp-ArgonIcon" />
            {also}
          </>
        )}
      </span>
    </div>
  );
}

function Tree({ model }: { readonly model: DiffModel }): JSX.Element {
  const { trans } = useView();
  const { lines } = model;
  const active = lines.findIndex(line => line.kind === 'document' && line.index === model.selected);
  const onEnd = useCallback(() => void model.readMore(), [model]);
  return (
    <VirtualList
      label={trans.__('Documents that differ')}
      rowPx={LINE_PX}
      count={lines.length}
      active={active}
      idOf={index => `jp-argon-diff-${index}`}
      render={index => (
        <Line model={model} line={lines[index]!} id={`jp-argon-diff-${index}`} isActive={index === active} />
      )}
      onMove={to => {
        const line = nearestDocument(lines, to, active);
        if (line !== undefined) {
          model.selected = line;
        }
      }}
      onEnd={onEnd}
    />
  );
}

/** The document at a line, else the next one in the direction of the move. */
function nearestDocument(lines: readonly TreeLine[], to: number, from: number): number | undefined {
  const step = to >= from ? 1 : -1;
  for (let at = to; at >= 0 && at < lines.length; at += step) {
    const line = lines[at];
    if (line?.kind === 'document') {
      return line.index;
    }
  }
  return undefined;
}

function Line(props: {
  readonly model: DiffModel;
  readonly line: TreeLine;
  readonly id: string;
  readonly isActive: boolean;
}): JSX.Element {
  const { model, line, id } = props;
  const { trans } = useView();
  switch (line.kind) {
    case 'collection':
      return <CollectionLine model={model} name={line.name} isOpen={line.isOpen} id={id} />;
    case 'document': {
      const document = model.documents[line.index]!;
      return (
        <div
          id={id}
          role="treeitem"
          aria-level={2}
          aria-selected={props.isActive}
          className="jp-ArgonLine jp-mod-document"
          onClick={() => {
            model.selected = line.index;
          }}
        >
          <Sign op={document.op} label={opName(document.op, trans)} />
          <code title={idText(document.id)}>{idText(document.id)}</code>
          <span className="jp-ArgonLine-gist">{gist(document.after ?? document.before)}</span>
          <AlsoChanged model={model} document={document} />
          <span className="jp-ArgonLine-note">{documentNote(document)}</span>
        </div>
      );
    }
    case 'older':
      return <div className="jp-ArgonLine jp-ArgonLine-note">{trans.__('Reading more documents…')}</div>;
  }

  function documentNote(document: DocumentDiff): string {
    return document.op === 'update'
      ? trans._n('%2 field', '%2 fields', document.fields.length, count(document.fields.length))
      : opName(document.op, trans);
  }
}

/** Says that the other side has changed a document too. */
function AlsoChanged(props: {
  readonly model: DiffModel;
  readonly document: DocumentDiff;
}): JSX.Element | null {
  const { trans } = useView();
  const mark = props.model.markOf(props.document);
  const branch = props.model.overlap?.branch;
  if (mark === 'none' || branch === undefined) {
    return null;
  }
  const name = trans.__('also on %1', branch);
  return (
    <span className={`jp-ArgonTag jp-ArgonAlso jp-mod-${mark}`} title={name}>
      {name}
    </span>
  );
}

function CollectionLine(props: {
  readonly model: DiffModel;
  readonly name: string;
  readonly isOpen: boolean;
  readonly id: string;
}): JSX.Element {
  const { model, name, isOpen } = props;
  const { trans } = useView();
  const part = model.diff?.summary.find(candidate => candidate.collection === name);
  const counts = model.sides?.map(side => side.collections.find(found => found.name === name)?.count ?? 0);
  return (
    <div
      id={props.id}
      role="treeitem"
      aria-level={1}
      aria-expanded={isOpen}
      className="jp-ArgonLine jp-mod-collection"
      onClick={() => model.fold(name, isOpen)}
    >
      <span className={`jp-ArgonCaret${isOpen ? ' jp-mod-open' : ''}`} aria-hidden="true" />
      <b title={name}>{name}</b>
      <span className="jp-ArgonLine-gist">
        {counts === undefined ? '' : trans.__('%1 → %2', count(counts[0] ?? 0), count(counts[1] ?? 0))}
      </span>
      {(
        [
          ['insert', part?.added ?? 0],
          ['update', part?.changed ?? 0],
          ['delete', part?.deleted ?? 0]
        ] as const
      ).map(([op, n]) =>
        n === 0 ? null : (
          <span key={op} className="jp-ArgonLine-count">
            <Sign op={op} label={opName(op, trans)} />
            {count(n)}
          </span>
        )
      )}
    </div>
  );
}
