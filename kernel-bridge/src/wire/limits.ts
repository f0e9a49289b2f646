/** Limits of the wire protocol server. Every one is refused with an error that states limit and value. */

/** Largest message, header included (`maxMessageSizeBytes` of hello). */
export const MESSAGE_BYTES_MAX = 48_000_000;
/** Largest message, header included, of a client that has to sign in first: nobody else fills our memory. */
export const STRANGER_MESSAGE_BYTES_MAX = 16 * 1024;
/** Largest document a client may store (`maxBsonObjectSize`). */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
/** A command or reply may be a little larger than a document, as in mongod. */
export const COMMAND_BYTES_MAX = DOCUMENT_BYTES_MAX + 16 * 1024;
/** Statements in one insert, update or delete command (`maxWriteBatchSize`). */
export const WRITE_BATCH_MAX = 100_000;
/** Statements or documents staged in one synchronous write; the loop runs between two of them. */
export const WRITE_SLICE_MAX = 1_000;
/** Bytes staged in one synchronous write. */
export const WRITE_SLICE_BYTES_MAX = 4 * 1024 * 1024;
/** The same of a statement about many documents, which is found and applied document by document. */
export const MANY_SLICE_MAX = 256;
export const MANY_SLICE_BYTES_MAX = 1024 * 1024;
/** Slices of one command on their way to the disk at a time. */
export const SLICES_IN_FLIGHT_MAX = 4;
/** Documents in a first batch when the client names no size. */
export const FIRST_BATCH_DEFAULT = 101;
/** Bytes of a further batch when the client names no size; one named in documents may have as many as a document. */
export const UNSIZED_BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes that all cursors together read ahead, beyond the batch that each is taking in. */
export const READ_AHEAD_BYTES_MAX = 32 * 1024 * 1024;
/** Bytes of memory for a sort without an index. */
export const SORT_BYTES_MAX = 100 * 1024 * 1024;
/** An unused cursor lives this long. */
export const CURSOR_IDLE_MS = 10 * 60_000;
/** How long a getMore waits at the end of a live cursor when it does not say. */
export const AWAIT_MS_DEFAULT = 1_000;
/** Cursors open at once, over all connections. */
export const CURSORS_MAX = 10_000;
/** An unused logical session lives this long (`logicalSessionTimeoutMinutes`). */
export const SESSION_IDLE_MINUTES = 30;
/** Logical sessions remembered at once. */
export const SESSIONS_MAX = 100_000;
/** Connections open at once. */
export const CONNECTIONS_MAX = 10_000;
/** Bytes that may wait for a connection that does not read before it is served no further. */
export const UNSENT_BYTES_MAX = 1024 * 1024;
/** Bytes of messages received and not answered yet before a connection is read no further. */
export const UNANSWERED_BYTES_MAX = 64 * 1024;
/** Times an update looks for its document again when others change it in between. */
export const UPDATE_ATTEMPTS_MAX = 100;
/** Bytes that $out writes as one commit that keeps what is the same; what is larger goes through another collection. */
export const OUT_BYTES_MAX = 128 * 1024 * 1024;
/** Values `distinct` may return, in bytes. */
export const DISTINCT_BYTES_MAX = DOCUMENT_BYTES_MAX;
/** Longest database name in bytes. mongod's is 63; ours hold a ref. */
export const DATABASE_BYTES_MAX = 255;
/** Longest full collection name (`database.collection`) in bytes. */
export const NAMESPACE_BYTES_MAX = 255;
/** Nesting of a document or command. */
export const NESTING_MAX = 200;
