/*
 * A cold segment: what garbage collection has left of a closed one, compressed, still read by the offsets that its
 * frames had before. Little-endian:
 *
 *   header     [magic 8][format u32][segment u32][crc32c of those 16]
 *   blocks     each [crc32c u32 of what follows][codec u8] and the block's bytes, compressed
 *   directory  varints: end of the segment as it was
 *              ranges   [count] ([bytes gone since the range before][bytes])…           what is left of the segment
 *              blocks   [count] ([stored bytes])…                                        COLD_BLOCK_BYTES each, but the last
 *              ordinals [count] ([frame offset][section][changes of its timeline before])…
 *              counts   [count] ([timeline][changes before the next that is listed][its LSN])…
 *   footer     [directory offset u48][directory length u32][directory crc32c u32][magic u32][crc32c of the footer so far]
 *
 * The ranges one behind the other are the content that the blocks are cut from. `ordinals` and `counts` say what replay
 * would otherwise count wrong, because frames are missing.
 */
export const COLD_MAGIC = Buffer.from('ARGONCLD', 'ascii');
/** Since 2 blocks may be compressed with Brotli, since 3 counts tell an LSN. */
export const COLD_FORMAT_VERSION = 3;
/** In older ones the next change that is listed lies behind the segment, with none between that was listed once. */
export const COLD_FORMAT_WITH_NEXT = 3;
export const COLD_HEADER_BYTES = 20;
export const COLD_FOOTER_BYTES = 22;
export const COLD_FOOTER_MAGIC = 0x31444c43;
/** Bytes of content in a block: small enough to read one document, large enough to compress well. */
export const COLD_BLOCK_BYTES = 64 * 1024;
export const COLD_BLOCK_HEAD_BYTES = 5;
/**
 * How a block is stored. Codes are for ever; new blocks are Brotli's, which takes a seventh less than deflate on real
 * segments, is written as fast, and read in 75 µs a block where deflate takes 60 (docs/layout.md).
 */
export const CODEC_PLAIN = 0;
export const CODEC_DEFLATE = 1;
export const CODEC_BROTLI = 2;

/** What replay needs to know of a section behind frames that are gone. */
export interface ColdOrdinal {
  /** Of its frame. */
  readonly offset: number;
  /** Position of the section in its frame, groups behind the changes of the frame itself. */
  readonly section: number;
  /** Changes of its timeline before it. */
  readonly ordinal: number;
}

/**
 * Of a timeline whose last changes in a segment are gone: the LSN of its next change that is listed, and how many come
 * before it. What the log still has between them is listed no more. LSN 0: nothing is between them.
 */
export interface ColdCount {
  readonly timeline: number;
  readonly count: number;
  readonly next: number;
}
