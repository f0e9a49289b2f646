import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { PopUp } from '../view/popUp';
import type { ICellState } from './activity';
import { Badges, type IBadgeActions } from './badge';
import { cellFacts } from './cellFacts';
import type { CellPopUp } from './cellPopUp';

/** The line of badges on the lower edge of a cell's editor. It takes no room. */
export class BadgeLine extends ReactWidget {
  constructor(actions: IBadgeActions, trans: TranslationBundle) {
    super();
    this._actions = actions;
    this._trans = trans;
    this.addClass('jp-ArgonBadges');
  }

  /** What the badges show; undefined for nothing. */
  set state(value: ICellState | undefined) {
    this._state = value;
    this.update();
    if (value === undefined) {
      this._popUp?.close();
    } else if (this._popUp !== undefined) {
      this._popUp.state = value;
    }
  }

  /** Opens the pop-up of the cell at its first badge. */
  openFacts(): void {
    const first = this.node.querySelector<HTMLElement>('.jp-ArgonBadge-open');
    first?.focus();
    first?.click();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._popUp?.close();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return this._state === undefined ? (
      <></>
    ) : (
      <Badges
        state={this._state}
        actions={this._actions}
        opened={this._opened}
        onOpen={(key, anchor) => void this._open(key, anchor)}
        trans={this._trans}
      />
    );
  }

  private async _open(key: string, anchor: HTMLElement): Promise<void> {
    const { CellPopUp } = await import('./cellPopUp');
    const state = this._state;
    if (this.isDisposed || state === undefined) {
      return;
    }
    const popUp: CellPopUp = new CellPopUp({
      anchor,
      state,
      actions: this._actions,
      trans: this._trans,
      onClose: () => {
        if (this._popUp === popUp) {
          this._popUp = undefined;
          this._opened = undefined;
          this.update();
        }
      }
    });
    PopUp.show(popUp);
    if (popUp.isDisposed) {
      return; // It was open there: the second click closed it.
    }
    this._popUp = popUp;
    this._opened = key;
    this.update();
    const [write] = cellFacts(state.activity, undefined).writes;
    if (key === 'wrote' && write !== undefined && !state.isSaved) {
      this._actions.mark(write);
    }
  }

  private readonly _actions: IBadgeActions;
  private readonly _trans: TranslationBundle;
  private _state: ICellState | undefined;
  private _popUp: CellPopUp | undefined;
  private _opened: string | undefined;
}
