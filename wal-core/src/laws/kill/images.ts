/** Images after a handful of changes, so that a few documents have bases, runs and overlays. */
export const SMALL_IMAGES = {
  limits: { changesMin: 12, runPart: 0.1, runChangesMax: 40, flattenPart: 0.02, runsMax: 3, rebasePart: 0.5 }
} as const;
