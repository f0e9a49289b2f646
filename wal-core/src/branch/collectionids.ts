import type { CollectionId, IndexId } from '../api';
import type { ControlRecord } from '../log/frame';
import { TABLE } from '../store/keys';
import { control, type Fields } from './control';
import type { Project } from './model';

/** Key of the row that holds the next index id of a project, beside its collection names. */
const INDEX_COUNTER = Buffer.from('\0index', 'utf8');
/** Key of the row that holds the newest collection id given to a name that had one already. */
const COLLECTION_COUNTER = Buffer.from('\0collection', 'utf8');

/** Ids of the collections and indexes of projects. No id is given twice in a project, whatever became of who had it first. */
export class CollectionIds {
  /** Ids of collection names whose control record is on disk. */
  private readonly logged = new Set<string>();

  /** Takes in the row of a name, or of a counter. */
  take(project: Project, key: Buffer, value: Fields): void {
    const id = value['id'] as number;
    if (key.equals(INDEX_COUNTER)) {
      project.nextIndex = Math.max(project.nextIndex, id) as IndexId;
      return;
    }
    const name = key.toString('utf8');
    this.logged.add(`${project.id} ${id}`);
    project.nextCollection = Math.max(project.nextCollection, id + 1) as CollectionId;
    if (!key.equals(COLLECTION_COUNTER)) {
      project.collectionIds.set(name, id as CollectionId);
    }
  }

  /**
   * The id of a collection name: the one the name had first in the project, unless another name has
   * it in this state. Until it is on disk, each answer brings the control record for the frame.
   */
  intern(
    project: Project,
    name: string,
    isFree: (id: CollectionId) => boolean
  ): { id: CollectionId; record?: ControlRecord } {
    const known = project.collectionIds.get(name);
    const id = known !== undefined && isFree(known) ? known : project.nextCollection;
    if (id !== known) {
      project.nextCollection = (id + 1) as CollectionId;
      if (known === undefined) {
        project.collectionIds.set(name, id);
      }
    }
    if (this.logged.has(`${project.id} ${id}`)) {
      return { id };
    }
    // The row of a name keeps its first id.
    const isFirst = project.collectionIds.get(name) === id;
    const key = isFirst ? Buffer.from(name, 'utf8') : COLLECTION_COUNTER;
    return { id, record: control(TABLE.collectionName, project.id, key, { id }) };
  }

  allocateIndex(project: Project): { id: IndexId; record: ControlRecord } {
    const id = project.nextIndex;
    project.nextIndex = (id + 1) as IndexId;
    return { id, record: control(TABLE.collectionName, project.id, INDEX_COUNTER, { id: id + 1 }) };
  }
}
