import { copyIcon, refreshIcon } from '@jupyterlab/ui-components';
import { codeOf, messageOf } from '../client/rpcError';
import { CommandIds } from '../commands/ids';
import { idText } from '../format/value';
import { dataIcon, noticeIcon } from '../icons';
import { useSignal } from '../panel/context';
import { IconButton, Segmented, TextButton } from '../panel/parts';
import { Picker } from '../picker/picker';
import { RefButton } from '../view/refButton';
import { useView } from '../view/viewContext';
import { BlameTable } from './blameTable';
import type { HistoryModel, HistoryView } from './historyModel';
import { Versions } from './versions';
import { Toolbar } from '../view/toolbar';

/** One document through time: its versions, and who wrote which field. */
export function HistoryBody({ model }: { readonly model: HistoryModel }): JSX.Element {
  const { commands, workspace, trans, copy } = useView();
  useSignal(model.changed);
  const { project, ref, collection, id } = model.place;
  const branch = ref.replace(/@.*$/, '');
  return (
    <div className="jp-ArgonView jp-ArgonHistory">
      <Toolbar label={trans.__('Tools of this view')} className="jp-ArgonBar">
        <h3 className="jp-ArgonHistory-name" title={`${collection} / ${idText(id)}`}>
          <span className="jp-ArgonBar-note">{`${collection} / `}</span>
          {idText(id)}
        </h3>
        <IconButton icon={copyIcon} label={trans.__('Copy the _id')} onClick={() => copy(idText(id))} />
        <RefButton
          label={trans.__('Seen from')}
          text={ref}
          isSession={workspace.session?.branch === branch}
          title={trans.__('Look from another state')}
          onClick={anchor =>
            void Picker.pick({
              workspace,
              trans,
              prompt: trans.__('Look at the document from'),
              anchor
            }).then(picked => {
              if (picked !== undefined) {
                model.moveTo(picked);
              }
            })
          }
        />
        <Segmented<HistoryView>
          label={trans.__('What is shown')}
          choices={[
            ['history', trans.__('History')],
            ['blame', trans.__('Blame')]
          ]}
          value={model.view}
          onChange={view => {
            model.view = view;
          }}
        />
        <span className="jp-ArgonBar-space" />
        <TextButton
          icon={dataIcon}
          onClick={() => void commands.execute(CommandIds.browseData, { project, ref, collection })}
        >
          {trans.__('Browse %1', collection)}
        </TextButton>
      </Toolbar>
      {model.isMoved && (
        <div className="jp-ArgonStrip jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <span>{trans.__('%1 has moved since this was read.', branch)}</span>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Read again')}
          </TextButton>
        </div>
      )}
      <Shown model={model} />
    </div>
  );
}

function Shown({ model }: { readonly model: HistoryModel }): JSX.Element {
  const { trans } = useView();
  if (model.error !== undefined) {
    return (
      <div className="jp-ArgonView-message" role="alert">
        <h3>{trans.__('The history of this document cannot be read')}</h3>
        <p>{messageOf(model.error)}</p>
        <div>
          <TextButton icon={refreshIcon} onClick={() => void model.read()}>
            {trans.__('Try again')}
          </TextButton>
        </div>
        <div className="jp-ArgonCode">{codeOf(model.error)}</div>
      </div>
    );
  }
  if (model.view === 'blame') {
    return <BlameTable model={model} />;
  }
  if (model.changes === undefined) {
    return (
      <p className="jp-ArgonView-none" role="status">
        {trans.__('Reading the history of this document…')}
      </p>
    );
  }
  return model.changes.length === 0 ? (
    <div className="jp-ArgonView-message">
      <h3>{trans.__('Nothing is known of this document here')}</h3>
      <p>
        {trans.__(
          '%1 and its ancestors never had it, or what happened to it was collected. Look from another state.',
          model.place.ref
        )}
      </p>
    </div>
  ) : (
    <Versions model={model} />
  );
}
