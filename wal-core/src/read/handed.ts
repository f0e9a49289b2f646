import { HANDED_BYTES_MAX, HANDED_DOCUMENTS_MIN } from '../limits';

/** When a long read goes to a worker, and how much it brings at a time. Tests lower both. */
export interface HandedLimits {
  readonly documentsMin: number;
  readonly bytesMax: number;
}

export const HANDED_LIMITS: HandedLimits = { documentsMin: HANDED_DOCUMENTS_MIN, bytesMax: HANDED_BYTES_MAX };
