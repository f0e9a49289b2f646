import { refreshIcon } from '@jupyterlab/ui-components';
import { codeOf, messageOf } from '../client/rpcError';
import { useState } from 'react';
import { CommandIds } from '../commands/ids';
import { count } from '../format/count';
import { inline, pathText } from '../format/value';
import { TextButton } from '../panel/parts';
import { FoldedText } from '../view/foldedText';
import { ChangeOrigin } from '../view/originLine';
import { useView } from '../view/viewContext';
import type { HistoryModel } from './historyModel';

/** Characters of a value that are shown at most. */
const VALUE_CHARACTERS_MAX = 200_000;

/** Each field with who gave it its value: LSN, cell, runs. */
export function BlameTable({ model }: { readonly model: HistoryModel }): JSX.Element {
  const { commands, trans } = useView();
  const [search, setSearch] = useState('');
  const { fields } = model;
  if (model.blameError !== undefined && fields === undefined) {
    return (
      <div className="jp-ArgonView-message" role="alert">
        <h3>{trans.__('Who wrote the fields cannot be told')}</h3>
        <p>{messageOf(model.blameError)}</p>
        <div>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Try again')}
          </TextButton>
        </div>
        <div className="jp-ArgonCode">{codeOf(model.blameError)}</div>
      </div>
    );
  }
  if (fields === undefined) {
    return (
      <p className="jp-ArgonView-none" role="status">
        {trans.__('Looking through the history of each field…')}
      </p>
    );
  }
  if (fields.length === 0) {
    return (
      <p className="jp-ArgonView-none">
        {trans.__('The document is not in %1; its history tells where it was.', model.place.ref)}
      </p>
    );
  }
  const wanted = search.trim().toLowerCase();
  const shown = fields.filter(({ path }) => pathText(path).toLowerCase().includes(wanted));
  return (
    <div className="jp-ArgonView-main jp-ArgonBlame">
      <div className="jp-ArgonInput">
        <input
          type="text"
          value={search}
          spellCheck={false}
          placeholder={trans.__('Find a field path')}
          aria-label={trans.__('Find a field path')}
          onChange={event => setSearch(event.target.value)}
        />
      </div>
      <table className="jp-ArgonFields">
        <thead>
          <tr>
            <th scope="col">{trans.__('Field path')}</th>
            <th scope="col">{trans.__('Value')}</th>
            <th scope="col">{trans.__('LSN')}</th>
            <th scope="col">{trans.__('Written by')}</th>
            <th scope="col">{trans.__('Runs of that cell')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(field => {
            const at = field.branch === undefined ? undefined : `${field.branch}@${field.lsn}`;
            return (
              <tr key={JSON.stringify(field.path)}>
                <th scope="row">
                  <code>{pathText(field.path)}</code>
                </th>
                <td>
                  <FoldedText text={inline(field.value.value, VALUE_CHARACTERS_MAX)} />
                  <span className="jp-ArgonValue-type">{field.value.type}</span>
                </td>
                <td className="jp-ArgonBlame-lsn">
                  {at === undefined ? (
                    `${field.exact ? '' : '≤ '}${count(field.lsn)}`
                  ) : (
                    <button
                      type="button"
                      className="jp-ArgonLink"
                      title={
                        field.exact
                          ? trans.__('Diff before and after %1', at)
                          : trans.__('The history is long: the value was given at this LSN or before.')
                      }
                      onClick={() =>
                        void commands.execute(CommandIds.diff, {
                          from: `${field.branch!}@${field.lsn - 1}`,
                          to: at
                        })
                      }
                    >
                      {`${field.exact ? '' : '≤ '}${count(field.lsn)}`}
                    </button>
                  )}
                </td>
                <td>
                  <ChangeOrigin change={field} isAgo />
                </td>
                <td>{field.runs.length === 0 ? trans.__('none') : field.runs.join(', ')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length === 0 && <p className="jp-ArgonDocument-more">{trans.__('No field path fits.')}</p>}
      {model.hasMoreFields && (
        <p className="jp-ArgonDocument-more">
          {trans.__('The first %1 fields.', count(fields.length))}{' '}
          <button type="button" className="jp-ArgonLink" onClick={() => void model.readMoreFields()}>
            {trans.__('Read more fields')}
          </button>
        </p>
      )}
    </div>
  );
}
