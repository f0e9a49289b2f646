/**
 * Renderers for what the magics show: `application/vnd.argon.*+json`. They need no bridge, so that a saved notebook
 * shows diffs, graphs and lineage wherever it is opened. What a bundle holds is text from outside.
 */
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import { KINDS, mimeTypeOf } from './kinds';

/** Draws one output. */
class OutputRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(options: IRenderMime.IRendererOptions) {
    super();
    this._options = options;
    this.addClass('jp-ArgonOutput');
    this.layout = new PanelLayout();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const turn = ++this._turn;
    // The drawing is read with the first output: a page without one starts without it.
    const { OutputWidget } = await import('./output');
    if (turn !== this._turn || this.isDisposed) {
      return;
    }
    const { mimeType, translator } = this._options;
    const layout = this.layout as PanelLayout;
    layout.widgets.forEach(widget => widget.dispose());
    layout.addWidget(new OutputWidget({ mimeType, translator, data: model.data, metadata: model.metadata }));
  }

  protected override onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  private readonly _options: IRenderMime.IRendererOptions;
  private _turn = 0;
}

const factory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: KINDS.map(mimeTypeOf),
  createRenderer: options => new OutputRenderer(options)
};

const extension: IRenderMime.IExtension = {
  id: 'jupyterlab-argon:outputs',
  description: 'Draws the outputs of Argon in notebooks: diffs, graphs, branches, runs and lineage.',
  rendererFactory: factory,
  // Before the HTML that stands beside it in the bundle.
  rank: 30,
  dataType: 'json'
};

export default extension;
