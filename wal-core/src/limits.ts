/** Limits of the engine (law 13): names, units last, each refused with an error that states limit and value. */

/** A document, as in MongoDB. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
/** One atomic group in one frame. */
export const FRAME_BYTES_MAX = 512 * 1024 * 1024;
/** Bytes and records that a commit holds in memory; what is more goes ahead into the log in part frames. */
export const PART_BYTES_MAX = 2 * 1024 * 1024;
export const PART_RECORDS_MAX = 4_096;
/** Records of one interactive transaction: where each lies is held in memory, 8 bytes for it. */
export const TRANSACTION_RECORDS_MAX = 20_000_000;
/** Rows of a scratch map that are held in memory, and how many of them go to its file in one step when there are more. */
export const SCRATCH_ROWS_MAX = 4_096;
export const SCRATCH_STEP_ROWS_MAX = 1_024;
/** Changed documents of one open transaction that are guarded against other transactions at once; what is more, at its commit. */
export const TRANSACTION_CLAIMS_MAX = 100_000;
/** Transactions that are open at a time. */
export const TRANSACTIONS_OPEN_MAX = 10_000;
/** How long a transaction may stay open without a read or a write, in milliseconds. */
export const TRANSACTION_IDLE_MS_MAX = 60_000;
/** How long a transaction may stay open that goes on reading and writing, in milliseconds: its state is held all the time. */
export const TRANSACTION_MS_MAX = 12 * 60 * 60_000;
/** Records of a transaction that are checked for conflicts without a break. */
export const CONFLICT_CHECKS_MAX = 2_000;
/** A log segment is closed when the next frame would pass this size. */
export const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
/** Room for frames that a segment gets ahead of them at a time, as a part of the log. */
export const LOG_ROOM_PART = 1 / 8;
export const LOG_ROOM_BYTES_MIN = 64 * 1024;
export const LOG_ROOM_BYTES_MAX = 4 * 1024 * 1024;
/** Uncompressed blocks of cold log segments held in memory. */
export const COLD_CACHE_BYTES_MAX = 8 * 1024 * 1024;
/** A state of at most so many bytes is read whole before it is used; of a larger one only the branches, and the rest beside the work. */
export const STATE_CHECK_BYTES_MAX = 64 * 1024 * 1024;
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
/** The same when so many wait: under load larger transactions write fewer pages for each record, and sync less often. */
export const APPLY_LOAD_RECORDS_MAX = 1024;
/** How long records wait for others to share their transaction, in milliseconds, when nobody asks for them. */
export const APPLY_DELAY_MS = 25;
/** How long until the state is tried again when its disk was full, in milliseconds. */
export const APPLY_FULL_DELAY_MS = 500;
/** Durable records waiting to be applied before writers are made to wait. */
export const UNAPPLIED_RECORDS_MAX = 200_000;
/** Bytes of images waiting to be applied before writers are made to wait. */
export const UNAPPLIED_BYTES_MAX = 128 * 1024 * 1024;
/** How long all long work together holds the event loop in one turn, in milliseconds. */
export const SLICE_MS_MAX = 3;
/** Documents and bytes of one scan batch. */
export const BATCH_DOCUMENTS_DEFAULT = 512;
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Versions of a document that a blame looks through; a field that is older says so. */
export const BLAME_VERSIONS_MAX = 100_000;
/** How long a plan is kept that nobody can apply any more, and one that somebody could, in milliseconds since it was saved. */
export const PLAN_OVER_MS_MAX = 30 * 24 * 60 * 60 * 1000;
export const PLAN_OPEN_MS_MAX = 90 * 24 * 60 * 60 * 1000;
/** Answers that a plan holds one by one; more conflicts are answered by rules. */
export const PLAN_ANSWERS_MAX = 20_000;
/** Rules of one plan. */
export const PLAN_RULES_MAX = 1_000;
/** Changes in one batch of a feed. */
export const FEED_BATCH_MAX = 10_000;
/** Changes that one page of a collection's history looks through. */
export const HISTORY_CHANGES_MAX = 100_000;
/** What a row of a small table is called by: the id of a run, the key of a value or of a remembered reply. */
export const ROW_KEY_BYTES_MAX = 1_024;
/** All that an origin says, as JSON. */
export const ORIGIN_BYTES_MAX = 16 * 1024;
/** The name of a transaction, and of the session that it is of. */
export const TXN_BYTES_MAX = 512;
/** All that is remembered of a run, as JSON. */
export const RUN_FACTS_BYTES_MAX = 256 * 1024;
/** Names of checks that a branch asks for, and what a check may say. */
export const CHECKS_MAX = 64;
export const CHECK_NAME_BYTES_MAX = 200;
export const CHECK_DETAIL_BYTES_MAX = 2_000;
/** An index on so many documents is made at once; on more it is filled beside the writers. */
export const INDEX_AT_ONCE_DOCUMENTS_MAX = 1_000;
/** Bytes of entries that a build sorts in memory, on a worker and on the main thread; the others lie in a file. */
export const INDEX_SORT_BYTES_MAX = 16 * 1024 * 1024;
export const INDEX_SORT_INLINE_BYTES_MAX = 256 * 1024;
/** Rows of a new index that go into the state in one transaction, and transactions that are under way at a time. */
export const INDEX_FILL_RECORDS_MAX = 1_024;
export const INDEX_FILL_BEGUN_MAX = 3;
/** Indexes that were filled for a plan which was refused, and how long they wait for the next one, in milliseconds. */
export const BROUGHT_INDEXES_MAX = 8;
export const BROUGHT_INDEX_MS_MAX = 5 * 60_000;
/** Changes that a build may be behind when its writers are held. */
export const INDEX_BEHIND_MAX = 128;
/** Documents that one commit of the sweep for expired documents removes. */
export const EXPIRED_DOCUMENTS_MAX = 500;
/** Documents in one page of a diff. */
export const DIFF_PAGE_MAX = 10_000;
/** Documents that are looked at to count how many both of two states have changed. */
export const OVERLAP_DOCUMENTS_MAX = 10_000;
/** Images that a diff or a plan keeps of its first documents, from counting them to showing or applying them. */
export const FIRST_READ_BYTES_MAX = 2 * 1024 * 1024;
/** Image files kept open, and the memory of their directories. */
export const IMAGE_FILES_OPEN_MAX = 64;
export const IMAGE_DIRECTORIES_BYTES_MAX = 16 * 1024 * 1024;
/** Memory of all overlays together; the one that was not used for longest goes first. */
export const OVERLAYS_BYTES_MAX = 64 * 1024 * 1024;
/** An image that an overlay holds; longer ones are read from the state when they are needed. */
export const OVERLAY_IMAGE_BYTES_MAX = 1000;
/** Changes since the last image from which on no overlay is gathered: the state is walked until there is an image. */
export const OVERLAY_CHANGES_MAX = 300_000;
/** Changes of a chain of branches up to which an overlay for point reads has all of them, images or not. */
export const OVERLAY_WHOLE_CHANGES_MAX = 32_768;
/** Changes of a chain of branches that are gathered while a reader waits, about three milliseconds. */
export const OVERLAY_AT_ONCE_CHANGES_MAX = 2048;
/** Changes since the last image, or since the beginning, before an image is made. */
export const IMAGE_CHANGES_MIN = 4096;
/** Records that wait to be applied from which on images wait for a lull, and changes from which on they wait no longer. */
export const IMAGE_LOAD_RECORDS_MIN = 4096;
export const IMAGE_LOAD_CHANGES_MAX = 131_072;
/** Changes of one collection that count as a load when the state takes them, time after time, in fewer milliseconds. */
export const IMAGE_LOAD_STEP_CHANGES_MIN = 1_024;
export const IMAGE_LOAD_STEP_MS_MAX = 100;
/** Part of a collection, and number of changes, from which on changes go into a run. */
export const RUN_PART = 0.1;
export const RUN_CHANGES_MAX = 65_536;
/** Part of a collection that differs from the ancestor's images from which on a branch gets a run of its own. */
export const FLATTEN_PART = 0.02;
/** Runs on top of a base, and their part of the collection, from which on there is a new base. */
export const RUNS_MAX = 5;
export const REBASE_PART = 0.5;
/** Age from which on the images of old states are thinned, in milliseconds, and the runs that their scans may merge then. */
export const IMAGE_THIN_AGE_MS = 7 * 24 * 60 * 60 * 1000;
export const RUNS_OLD_MAX = 2 * RUNS_MAX;
/** Changes that one run is made of at most; with more a new base is made from the state. */
export const IMAGE_LINE_CHANGES_MAX = 300_000;
/** Failed builds of one collection after which it is left alone until the next start. */
export const IMAGE_TRIES_MAX = 5;
/** Threads beside the main one, never more than the machine has processors, and the heap of each. */
export const WORKERS_MAX = 4;
export const WORKER_HEAP_MB_MAX = 1024;
/** Of that, room for what is young: more makes no long read faster, and an idle thread keeps it. */
export const WORKER_YOUNG_MB_MAX = 16;
/** Tasks that one thread does by turns; more wait. */
export const WORKER_TASKS_MAX = 16;
/** Sorts and pipelines that run on threads at a time; more run on the main one, in slices. */
export const FLOWS_MAX = 8;
/** Documents that a filtered scan looks at before it goes on in a worker, and of a collection for a sort or pipeline. */
export const HANDED_DOCUMENTS_MIN = 4_096;
/** Changes between two states from which on a worker gathers and compares them, and documents that it holds in memory. */
export const FAR_CHANGES_MIN = 8_192;
export const FAR_ROWS_MAX = 32_768;
/** Bytes of documents that a worker's scan answers with at a time. */
export const HANDED_BYTES_MAX = 256 * 1024;
/** How long a thread waits for work before it ends, in milliseconds. */
export const WORKER_IDLE_MS_MAX = 2 * 60_000;
/** The last thread waits longer: the first long read after a pause finds its code loaded and compiled. */
export const WORKER_LAST_IDLE_MS_MAX = 15 * 60_000;
/** Pages of image files kept in memory. */
export const PAGE_CACHE_BYTES_MAX = 24 * 1024 * 1024;
