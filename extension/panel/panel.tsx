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
    this.node.tabIndex = -1;
    this.node.addEventListener('keydown', event => this._onKeyDown(event));
    this.node.setAttribute('aria-label', context.trans.__('Argon'));
  }

  protected override render(): JSX.Element {
    return <PanelBody context={this._context} />;
  }

  /** Takes the keyboard, unless something inside has it. */
  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
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

  /** From the panel itself the arrows lead into the graph, or into what was found. */
  private _onKeyDown(event: KeyboardEvent): void {
    if (event.target === this.node && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      this.node.querySelector<HTMLElement>('[role="treegrid"], [role="listbox"]')?.focus();
    }
  }

  private readonly _context: IPanelContext;
}
