/** Browsers refuse larger canvases. */
const SIDE_MAX_PX = 16_000;
const AREA_MAX_PX = 120_000_000;
/** Pixels for each of the drawing, when there is room. */
const SCALE = 2;
/** A picture smaller than this cannot be read any more. */
const SCALE_MIN = 0.4;

/** The file of a picture as PNG, with the facts in an `iTXt` chunk. @throws Error when the drawing is too large */
export async function pngFile(svg: Blob, width: number, height: number, facts: string): Promise<Blob> {
  const scale = Math.min(
    SCALE,
    SIDE_MAX_PX / Math.max(width, height),
    Math.sqrt(AREA_MAX_PX / (width * height))
  );
  if (scale < SCALE_MIN) {
    throw new Error(
      'The drawing is too large for a PNG: look at fewer runs, by a filter or F on a node, or save it as SVG or PDF.'
    );
  }
  const url = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    const context = canvas.getContext('2d');
    if (context === null) {
      throw new Error('This browser has no canvas to draw a PNG on.');
    }
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const drawn = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'));
    if (drawn === null) {
      throw new Error('The browser could not draw the PNG: look at fewer runs, or save it as SVG.');
    }
    const bytes = withText(new Uint8Array(await drawn.arrayBuffer()), 'argon-lineage', facts);
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' });
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A PNG with a text in it: an `iTXt` chunk, behind the header (PNG specification, 11.3.4.5). */
export function withText(png: Uint8Array, keyword: string, content: string): Uint8Array {
  const encoder = new TextEncoder();
  // Keyword, end, not compressed, method 0, no language, no translated keyword.
  const data = [...encoder.encode(keyword), 0, 0, 0, 0, 0];
  const body = encoder.encode(content);
  const chunk = new Uint8Array(12 + data.length + body.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length + body.length);
  chunk.set(encoder.encode('iTXt'), 4);
  chunk.set(data, 8);
  chunk.set(body, 8 + data.length);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)));
  // Signature of 8 bytes, then the header: 4 + 4 + 13 + 4.
  const header = 8 + 25;
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, header));
  whole.set(chunk, header);
  whole.set(png.subarray(header), header + chunk.length);
  return whole;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
