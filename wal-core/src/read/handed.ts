import { FAR_CHANGES_MIN, HANDED_BYTES_MAX, HANDED_DOCUMENTS_MIN } from '../limits';

/** When a long read goes to a worker, and how much it brings at a time. Tests lower all of it. */
export interface HandedLimits {
  readonly documentsMin: number;
  readonly bytesMax: number;
  /** Changes between two states from which on a worker gathers them. */
  readonly changesMin: number;
}

export const HANDED_LIMITS: HandedLimits = {
  documentsMin: HANDED_DOCUMENTS_MIN,
  bytesMax: HANDED_BYTES_MAX,
  changesMin: FAR_CHANGES_MIN
};
