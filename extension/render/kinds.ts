/** Kinds of bundles that are drawn here. All others keep the HTML that stands beside them. */
export const KINDS = [
  'branches',
  'diff',
  'comparison',
  'graph',
  'log',
  'history',
  'pins',
  'runs',
  'affected',
  'lineage'
] as const;

/** A kind that is drawn here. */
export type Kind = (typeof KINDS)[number];

/** The version of the bundles that is known. Without a number, a bundle is of the first. */
export const VERSION_KNOWN = 1;

/** The MIME type of a kind. */
export function mimeTypeOf(kind: Kind): string {
  return `application/vnd.argon.${kind}+json`;
}

/** The kind of a MIME type. */
export function kindOf(mimeType: string): Kind | undefined {
  return KINDS.find(kind => mimeTypeOf(kind) === mimeType);
}
