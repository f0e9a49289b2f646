import { nullTranslator, type ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Component, useState, type ReactNode } from 'react';
import type { Change, DocumentDiff, FieldChange } from '../client/protocol';
import { fieldTable } from '../diff/fieldRows';
import { ValueText } from '../diff/valueCell';
import { count } from '../format/count';
import { setLanguage } from '../format/locale';
import { fullTime } from '../format/time';
import { idText, pathText } from '../format/value';
import { RowDrawing } from '../graph/draw';
import type { IGraph } from '../graph/layout';
import { opName } from '../graph/row';
import { Sign } from '../panel/parts';
import { DOMAIN } from '../tokens';
import { kindOf, VERSION_KNOWN } from './kinds';
import { LineageDrawing } from './lineageDrawing';
import { sectionsOf, type ICell, type Section } from './sections';

/** Rows that are there at first, and that come with each further look. */
const ROWS_FIRST = 12;
const ROWS_MORE = 100;
const ROWS_MAX = 5_000;
/** Fields of a document that an output shows; the diff view shows all. */
const FIELDS_MAX = 50;
/** Characters of a cell of a table; the rest is in the tooltip. */
const CELL_LENGTH_MAX = 200;
const FULL_LENGTH_MAX = 2_000;

/** One output, drawn from its bundle. */
export class OutputWidget extends ReactWidget {
  constructor(options: OutputWidget.IOptions) {
    super();
    this._options = options;
    const translator = options.translator ?? nullTranslator;
    this._trans = translator.load(DOMAIN);
    setLanguage(translator.languageCode);
  }

  protected override render(): JSX.Element {
    const { mimeType, data, metadata } = this._options;
    const plain = data['text/plain'];
    const fallback = <PlainText text={typeof plain === 'string' ? plain : ''} bundle={data[mimeType]} />;
    const sections = this._sections(mimeType, data[mimeType], metadata[mimeType]);
    return sections === undefined ? (
      fallback
    ) : (
      <Guard fallback={fallback}>
        {sections.map((section, index) => (
          <SectionView key={index} section={section} trans={this._trans} />
        ))}
      </Guard>
    );
  }

  /** Undefined when the bundle is of a version or a shape that is not known. */
  private _sections(mimeType: string, data: unknown, metadata: unknown): Section[] | undefined {
    const kind = kindOf(mimeType);
    const version = (metadata as { readonly version?: unknown } | undefined)?.version ?? VERSION_KNOWN;
    if (kind === undefined || version !== VERSION_KNOWN) {
      return undefined;
    }
    try {
      return sectionsOf(kind, data, { now: Date.now(), trans: this._trans });
    } catch {
      return undefined;
    }
  }

  private readonly _options: OutputWidget.IOptions;
  private readonly _trans: TranslationBundle;
}

/** Types of `OutputWidget`. */
export namespace OutputWidget {
  export interface IOptions {
    readonly mimeType: string;
    readonly data: Readonly<Record<string, unknown>>;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly translator?: ITranslator | undefined;
  }
}

/** What cannot be drawn is shown as the text that the bundle brings. */
class Guard extends Component<
  { readonly fallback: ReactNode; readonly children: ReactNode },
  { readonly isBroken: boolean }
> {
  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true };
  }

  override state = { isBroken: false };

  override render(): ReactNode {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}

function PlainText(props: { readonly text: string; readonly bundle: unknown }): JSX.Element {
  const text = props.text === '' ? JSON.stringify(props.bundle, null, 2) : props.text;
  return <pre className="jp-ArgonOutput-plain">{(text ?? '').slice(0, 100_000)}</pre>;
}

function SectionView(props: { readonly section: Section; readonly trans: TranslationBundle }): JSX.Element {
  const { section, trans } = props;
  switch (section.kind) {
    case 'heading':
      return (
        <p className="jp-ArgonOutput-heading">
          <b>{section.text}</b> <span>{section.note}</span>
        </p>
      );
    case 'note':
      return <p className="jp-ArgonOutput-note">{section.text}</p>;
    case 'table':
      return <Table columns={section.columns} rows={section.rows} trans={trans} />;
    case 'documents':
      return <Documents documents={section.documents} left={section.left} trans={trans} />;
    case 'changes':
      return <Changes changes={section.changes} trans={trans} />;
    case 'graph':
      return <Graph graph={section.graph} labels={section.labels} trans={trans} />;
    case 'lineage':
      return <LineageDrawing parts={section.parts} project={section.project} trans={trans} />;
  }
}

/** Shows the first items, and more when asked. */
function Folded<T>(props: {
  readonly items: readonly T[];
  readonly trans: TranslationBundle;
  readonly children: (items: readonly T[]) => ReactNode;
}): JSX.Element {
  const { items, trans } = props;
  const [shown, setShown] = useState(ROWS_FIRST);
  const left = items.length - shown;
  return (
    <>
      {props.children(items.slice(0, shown))}
      {left > 0 && (
        <button
          type="button"
          className="jp-ArgonLink jp-ArgonOutput-more"
          disabled={shown >= ROWS_MAX}
          onClick={() => setShown(Math.min(ROWS_MAX, shown + ROWS_MORE))}
        >
          {shown >= ROWS_MAX
            ? trans.__('%1 more are in the output', count(left))
            : trans.__('Show more (%1 left)', count(left))}
        </button>
      )}
    </>
  );
}

function Table(props: {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ICell[])[];
  readonly trans: TranslationBundle;
}): JSX.Element {
  return (
    <Folded items={props.rows} trans={props.trans}>
      {rows => (
        <table className="jp-ArgonOutput-table">
          <thead>
            <tr>
              {props.columns.map((name, at) => (
                <th
                  key={at}
                  scope="col"
                  className={props.rows[0]?.[at]?.isNumber === true ? 'jp-mod-number' : ''}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, index) => (
              <tr key={index}>
                {cells.map((cell, at) => (
                  <td
                    key={at}
                    className={`${cell.isNumber === true ? 'jp-mod-number' : ''}${cell.isStrong === true ? ' jp-mod-strong' : ''}`}
                    title={(cell.full ?? cell.text).slice(0, FULL_LENGTH_MAX)}
                  >
                    {clip(cell.text)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Folded>
  );
}

function Documents(props: {
  readonly documents: readonly DocumentDiff[];
  readonly left: number;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { documents, left, trans } = props;
  return (
    <>
      <Folded items={documents} trans={trans}>
        {shown => (
          <ul className="jp-ArgonOutput-list">
            {shown.map((document, index) => (
              <li key={index}>
                <details>
                  <summary>
                    <Sign op={document.op} label={opName(document.op, trans)} />
                    <span title={`${document.collection} / ${idText(document.id)}`}>
                      {clip(`${document.collection} / ${idText(document.id)}`)}
                    </span>
                    <small>
                      {document.op === 'update'
                        ? trans._n(
                            '%2 field',
                            '%2 fields',
                            document.fields.length,
                            count(document.fields.length)
                          )
                        : opName(document.op, trans)}
                    </small>
                  </summary>
                  <Fields document={document} trans={trans} />
                </details>
              </li>
            ))}
          </ul>
        )}
      </Folded>
      {left > 0 && (
        <p className="jp-ArgonOutput-note">
          {trans.__('%1 more documents are not in this output', count(left))}
        </p>
      )}
    </>
  );
}

function Fields(props: { readonly document: DocumentDiff; readonly trans: TranslationBundle }): JSX.Element {
  const { document, trans } = props;
  const { rows } = fieldTable(document, false);
  return (
    <table className="jp-ArgonOutput-table">
      <tbody>
        {rows.slice(0, FIELDS_MAX).map((row, index) => (
          <tr key={index}>
            <th scope="row" title={row.text}>
              {clip(row.text === '' ? pathText(row.path) : row.text)}
            </th>
            <td>
              <ValueText value={row.before} trans={trans} />
            </td>
            <td>
              <ValueText value={row.after} trans={trans} />
            </td>
          </tr>
        ))}
        {rows.length > FIELDS_MAX && (
          <tr>
            <td colSpan={3}>{trans.__('%1 more fields', count(rows.length - FIELDS_MAX))}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Changes(props: {
  readonly changes: readonly Change[];
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { changes, trans } = props;
  return (
    <Folded items={changes} trans={trans}>
      {shown => (
        <ul className="jp-ArgonOutput-list">
          {shown.map(change => (
            <li key={`${change.timeline}:${change.lsn}`}>
              <details>
                <summary title={fullTime(change.time)}>
                  <Sign op={change.op} label={opName(change.op, trans)} />
                  <code>{change.lsn}</code>
                  <span>{clip(changeText(change.fields))}</span>
                  <small>{change.origin.actor}</small>
                </summary>
                <Fields document={change} trans={trans} />
              </details>
            </li>
          ))}
        </ul>
      )}
    </Folded>
  );
}

function changeText(fields: readonly FieldChange[]): string {
  return fields.map(({ path }) => pathText(path)).join(', ');
}

function Graph(props: {
  readonly graph: IGraph;
  readonly labels: ReadonlyMap<number, string>;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { graph, labels, trans } = props;
  return (
    <Folded items={graph.rows.filter(row => row.kind !== 'horizon')} trans={trans}>
      {rows => (
        <ul className="jp-ArgonOutput-graph" aria-label={trans.__('Branch graph')}>
          {rows.map((row, index) => (
            <li key={row.key} style={{ height: row.height }}>
              <RowDrawing graph={graph} index={index} heavy={undefined} onHover={() => undefined} />
              {row.chips.map(chip => (
                <b key={chip.name} title={chip.name}>
                  {clip(chip.name)}
                </b>
              ))}
              <span title={labels.get(index)}>{clip(labels.get(index) ?? '')}</span>
            </li>
          ))}
        </ul>
      )}
    </Folded>
  );
}

function clip(text: string): string {
  return text.length <= CELL_LENGTH_MAX ? text : `${text.slice(0, CELL_LENGTH_MAX - 1)}…`;
}
