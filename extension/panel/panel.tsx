import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { argonIcon } from '../icons';
import { PanelBody } from './body';
import type { IPanelContext } from './context';

/** The side panel. Its model is told when it can be seen; while it cannot, nothing runs. */
export class ArgonPanel extends ReactWidget {
  constructor(context: IPanelContext) {
    super();
    this._context = context;
    this.id = 'argon-panel';
    this.addClass('jp-ArgonPanel');
    this.title.icon = argonIcon;
    this.title.caption = context.trans.__('Argon: branches and history of your data');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', context.trans.__('Argon'));
  }

  protected override render(): JSX.Element {
    return <PanelBody context={this._context} />;
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._context.panel.isVisible = true;
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._context.panel.isVisible = this.isVisible;
  }

  protected override onBeforeHide(msg: Message): void {
    this._context.panel.isVisible = false;
    super.onBeforeHide(msg);
  }

  protected override onBeforeDetach(msg: Message): void {
    this._context.panel.isVisible = false;
    super.onBeforeDetach(msg);
  }

  private readonly _context: IPanelContext;
}
