import { jsPDF } from 'jspdf';
import { svg2pdf } from 'svg2pdf.js';
import type { IPictureFacts } from './facts';

/** A page of a PDF is no longer than this, in points. */
const SIDE_MAX_PT = 14_400;
const PT_PER_PX = 0.75;
/** Pixels for each of a text that is drawn as a picture. */
const PICTURE_SCALE = 4;

/** Letters that the fonts which every reader of PDF has can write: Windows-1252. */
const WRITABLE = /^[\x20-\x7e\xa0-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/;

/**
 * The file of a picture as PDF: lines, boxes and text stay what they are. Text in letters that the built-in fonts do
 * not have becomes a small picture of itself; the facts, whole, are in the metadata.
 */
export async function pdfFile(
  svg: SVGSVGElement,
  facts: IPictureFacts,
  json: string,
  title: string
): Promise<Blob> {
  const width = Number(svg.getAttribute('width'));
  const height = Number(svg.getAttribute('height'));
  const scale = Math.min(PT_PER_PX, SIDE_MAX_PT / Math.max(width, height));
  const [w, h] = [width * scale, height * scale];
  const document = new jsPDF({
    unit: 'pt',
    format: [w, h],
    orientation: w > h ? 'landscape' : 'portrait',
    compress: true
  });
  document.setProperties({
    title: plain(title),
    subject: plain(`${facts.project} at LSN ${facts.head}, saved ${facts.exportedAt}`),
    creator: facts.generator,
    keywords: 'argon, lineage'
  });
  document.setCreationDate(new Date(facts.exportedAt));
  document.addMetadata(json, 'urn:argon:lineage#');
  const copy = svg.cloneNode(true) as SVGSVGElement;
  // It must be in the page to be measured, and nobody needs to see it.
  const place = svg.ownerDocument.createElement('div');
  place.setAttribute('aria-hidden', 'true');
  place.style.cssText = 'position: absolute; left: -100000px; top: 0; visibility: hidden';
  place.append(copy);
  copy.querySelectorAll('title, desc, metadata').forEach(element => element.remove());
  copy.setAttribute('font-family', 'helvetica');
  svg.ownerDocument.body.append(place);
  try {
    for (const element of [...copy.querySelectorAll('text')]) {
      if (!WRITABLE.test(element.textContent ?? '')) {
        element.replaceWith(pictureOf(element, svg.getAttribute('font-family') ?? 'sans-serif'));
      }
    }
    await svg2pdf(copy, document, { x: 0, y: 0, width: w, height: h });
  } finally {
    place.remove();
  }
  return document.output('blob');
}

/** A text as a picture of itself, at the same place. */
function pictureOf(element: SVGTextElement, font: string): SVGElement {
  const size = Number(element.getAttribute('font-size') ?? 13);
  const canvas = element.ownerDocument.createElement('canvas');
  const context = canvas.getContext('2d')!;
  const style = `${element.getAttribute('font-weight') ?? 'normal'} ${size * PICTURE_SCALE}px ${font}`;
  const words = element.textContent ?? '';
  context.font = style;
  const width = Math.max(1, Math.ceil(context.measureText(words).width));
  canvas.width = width;
  canvas.height = Math.ceil(size * 1.4 * PICTURE_SCALE);
  context.font = style;
  context.fillStyle = element.getAttribute('fill') ?? '#000000';
  context.fillText(words, 0, size * PICTURE_SCALE);
  const image = element.ownerDocument.createElementNS('http://www.w3.org/2000/svg', 'image');
  const wide = width / PICTURE_SCALE;
  const x = Number(element.getAttribute('x') ?? 0);
  const attributes = {
    x: element.getAttribute('text-anchor') === 'end' ? x - wide : x,
    y: Number(element.getAttribute('y') ?? 0) - size,
    width: wide,
    height: canvas.height / PICTURE_SCALE,
    href: canvas.toDataURL('image/png')
  };
  Object.entries(attributes).forEach(([name, value]) => image.setAttribute(name, String(value)));
  return image;
}

/** Properties of a document are written in the letters of its fonts. */
function plain(text: string): string {
  return [...text].map(letter => (WRITABLE.test(letter) ? letter : '?')).join('');
}
