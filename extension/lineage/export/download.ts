import type { TranslationBundle } from '@jupyterlab/translation';
import type { LineageModel } from '../lineageModel';
import { factsJson, pictureFacts } from './facts';
import { paletteOf } from './palette';
import { svgFile, svgPicture } from './svg';

/** The formats of a picture. */
export type ExportFormat = 'svg' | 'png' | 'pdf';

/** Names of files hold only what every file system takes. */
const NAME_LENGTH_MAX = 80;

/** Saves the drawing as a file; answers with a sentence when there is nothing to save. */
export async function exportLineage(options: {
  readonly model: LineageModel;
  readonly format: ExportFormat;
  /** Inside the theme whose colours the picture takes. */
  readonly root: HTMLElement;
  readonly trans: TranslationBundle;
  readonly version: string;
}): Promise<string | undefined> {
  const { model, format, root, trans, version } = options;
  const { graph, layout, path, selected, project } = model;
  if (graph.nodes.size === 0) {
    return trans.__('There is nothing to save: the lineage is empty.');
  }
  const now = new Date();
  const facts = pictureFacts(model, version, now);
  const svg = svgPicture({
    graph,
    layout,
    path,
    selected,
    facts,
    trans,
    palette: paletteOf(root),
    now: now.getTime()
  });
  const file = await fileOf(format, svg);
  save(file, `${fileName(project)}-lineage.${format}`);
  return undefined;

  async function fileOf(wanted: ExportFormat, drawn: SVGSVGElement): Promise<Blob> {
    switch (wanted) {
      case 'svg':
        return svgFile(drawn);
      case 'png': {
        const { pngFile } = await import('./png');
        return pngFile(svgFile(drawn), layout.width, layout.height, factsJson(facts));
      }
      case 'pdf': {
        const { pdfFile } = await import('./pdf');
        return pdfFile(drawn, facts, factsJson(facts), trans.__('Lineage of %1', project));
      }
    }
  }
}

/** A project's name as part of a file's name. */
export function fileName(project: string): string {
  const name = project.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|[.-]+$/g, '');
  return name === '' ? 'argon' : name.slice(0, NAME_LENGTH_MAX);
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click; then it is let go.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
