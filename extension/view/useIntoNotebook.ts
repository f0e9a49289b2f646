import { useView } from './viewContext';

/** Puts a cell into the current notebook, or copies its source where there is none, and says which. */
export function useIntoNotebook(say: (note: string) => void): (source: string) => void {
  const { trans, insertCell, copy } = useView();
  return source =>
    void insertCell(source).then(name => {
      if (name === undefined) {
        copy(source);
      }
      say(
        name === undefined
          ? trans.__('No notebook is open: the code was copied.')
          : trans.__('A cell was added to %1.', name)
      );
    });
}
