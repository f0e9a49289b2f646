import { useState, type KeyboardEvent } from 'react';
import type { Collection } from '../client/protocol';
import { count } from '../format/count';
import { bytes } from '../format/bytes';
import { inline } from '../format/value';
import { dataIcon } from '../icons';
import { useView } from '../view/viewContext';
import { VirtualList } from '../view/virtualList';
import type { DataModel } from './dataModel';

const LINE_PX = 40;

/** Every collection has it; the bridge does not list it. */
const ID_INDEX = { name: '_id_', key: '{ _id: 1 }' };

/** The collections of the state with counts and sizes, and the indexes of the one that is shown. */
export function Collections({ model }: { readonly model: DataModel }): JSX.Element {
  const { trans } = useView();
  const collections = model.collections ?? [];
  const shown = collections.findIndex(({ name }) => name === model.collection);
  const [focused, setFocused] = useState<number>();
  const active = focused ?? shown;
  const onKey = (event: KeyboardEvent, index: number) => {
    const found = collections[index];
    if ((event.key === 'Enter' || event.key === ' ') && found !== undefined) {
      event.preventDefault();
      model.open(found.name);
    }
  };
  return (
    <>
      <h3 className="jp-ArgonData-title">
        {trans._n('%2 collection', '%2 collections', collections.length, count(collections.length))}
      </h3>
      <VirtualList
        label={trans.__('Collections')}
        rowPx={LINE_PX}
        count={collections.length}
        active={active}
        idOf={index => `jp-argon-collection-${index}`}
        render={index => (
          <Line
            model={model}
            collection={collections[index]!}
            id={`jp-argon-collection-${index}`}
            isShown={index === shown}
            isActive={index === active}
            onOpen={() => {
              setFocused(index);
              model.open(collections[index]!.name);
            }}
          />
        )}
        onMove={setFocused}
        onKey={onKey}
      />
      {collections[shown] !== undefined && <Indexes collection={collections[shown]} />}
    </>
  );
}

function Line(props: {
  readonly model: DataModel;
  readonly collection: Collection;
  readonly id: string;
  readonly isShown: boolean;
  readonly isActive: boolean;
  readonly onOpen: () => void;
}): JSX.Element {
  const { model, collection, isShown } = props;
  const { trans } = useView();
  const statistics = model.statistics(collection.name);
  const isView = statistics?.kind === 'view';
  const size =
    statistics?.bytes === undefined
      ? ''
      : statistics.estimated
        ? trans.__('about %1', bytes(statistics.bytes))
        : bytes(statistics.bytes);
  const note = isView
    ? trans.__('view on %1', statistics.viewOn ?? '')
    : [
        trans._n('%2 document', '%2 documents', collection.count, count(collection.count)),
        size,
        statistics?.kind === 'capped' ? trans.__('capped') : ''
      ]
        .filter(part => part !== '')
        .join(' · ');
  return (
    <div
      id={props.id}
      role="treeitem"
      aria-level={1}
      aria-selected={isShown}
      className={`jp-ArgonLine jp-ArgonData-collection${props.isActive ? ' jp-mod-active' : ''}`}
      title={`${collection.name}\n${note}`}
      onClick={props.onOpen}
    >
      <dataIcon.react tag="span" className="jp-ArgonIcon" />
      <span>
        <b>{collection.name}</b>
        <span className="jp-ArgonLine-gist">{note}</span>
      </span>
    </div>
  );
}

function Indexes({ collection }: { readonly collection: Collection }): JSX.Element {
  const { trans } = useView();
  return (
    <div className="jp-ArgonView-catalog">
      <b>{trans.__('Indexes of %1', collection.name)}</b>
      <ul>
        <li>
          <code>{ID_INDEX.name}</code> <span className="jp-ArgonBar-note">{ID_INDEX.key}</span>
        </li>
        {collection.indexes.map(index => (
          <li key={index.name} title={inline(index.key, 1000)}>
            <code>{index.name}</code>{' '}
            <span className="jp-ArgonBar-note">
              {[
                inline(index.key, 80),
                index.unique ? trans.__('unique') : '',
                index.sparse ? trans.__('sparse') : ''
              ]
                .filter(part => part !== '')
                .join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
