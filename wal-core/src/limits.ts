/** Limits of the engine (law 13): names, units last, each refused with an error that states limit and value. */

/** A document, as in MongoDB. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
/** Nesting of documents and arrays. */
export const DOCUMENT_DEPTH_MAX = 180;
/** One atomic group in one frame. */
export const FRAME_BYTES_MAX = 512 * 1024 * 1024;
/** A log segment is closed when the next frame would pass this size. */
export const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
/** Project names are database names of MongoDB. */
export const PROJECT_NAME_BYTES_MAX = 63;
export const BRANCH_NAME_BYTES_MAX = 200;
export const COLLECTION_NAME_BYTES_MAX = 255;
export const INDEXES_PER_COLLECTION_MAX = 64;
/** An inline image in `ver`; a longer one stays in the log and `ver` holds its place. */
export const INLINE_IMAGE_BYTES_MAX = 1000;
/** Value of a `line` row. */
export const LINE_VALUE_BYTES_MAX = 1900;
/** Records applied to the state in one transaction (larger ones slow later commits, docs/layout.md). */
export const APPLY_RECORDS_MAX = 512;
/** Durable records waiting to be applied before writers are made to wait. */
export const UNAPPLIED_RECORDS_MAX = 200_000;
/** Bytes of images waiting to be applied before writers are made to wait. */
export const UNAPPLIED_BYTES_MAX = 128 * 1024 * 1024;
/** Longest time a scan holds the event loop, in milliseconds. */
export const SLICE_MS_MAX = 5;
/** Documents and bytes of one scan batch. */
export const BATCH_DOCUMENTS_DEFAULT = 512;
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Documents in one page of a diff. */
export const DIFF_PAGE_MAX = 10_000;
