import { useEffect, useState } from 'react';
import type { Change, HistoryParams } from '../client/protocol';
import { useView } from './viewContext';

/** Which versions are read; `undefined` reads none. */
export type HistoryQuery = Pick<HistoryParams, 'project' | 'ref' | 'collection' | 'id' | 'limit'>;

/** Versions of a document newest first; undefined while they are read, and none where they cannot be. */
export function useHistory(query: HistoryQuery | undefined): readonly Change[] | undefined {
  const { client } = useView();
  const [found, setFound] = useState<{ readonly key: string; readonly changes: readonly Change[] }>();
  // A query is what it says, and not the object that it is said in.
  const key = query === undefined ? '' : JSON.stringify(query);
  useEffect(() => {
    let isCurrent = true;
    if (key !== '') {
      const take = (changes: readonly Change[]) => isCurrent && setFound({ key, changes });
      client.call('history', JSON.parse(key) as HistoryQuery).then(
        ({ changes }) => take(changes),
        () => take([]) // A state without the collection has no version either.
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [client, key]);
  return found?.key === key ? found.changes : undefined;
}
