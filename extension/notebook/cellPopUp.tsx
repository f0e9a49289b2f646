import type { TranslationBundle } from '@jupyterlab/translation';
import { PopUp } from '../view/popUp';
import type { ICellState } from './activity';
import type { IBadgeActions } from './badge';
import { CellFactsView } from './cellFactsView';

/** Width of the pop-up, in pixels. */
const WIDTH_PX = 380;

/** The pop-up of a cell: what its badges are short for, and what can be done about it. */
export class CellPopUp extends PopUp {
  constructor(options: CellPopUp.IOptions) {
    super({ anchor: options.anchor, width: WIDTH_PX });
    this._options = options;
    this._state = options.state;
    this.addClass('jp-ArgonCellPopUp');
  }

  /** What is known of the cell now. When the cell runs again, its pop-up tells what it does then. */
  set state(value: ICellState) {
    this._state = value;
    this.update();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._options.onClose();
    }
  }

  protected override render(): JSX.Element {
    const { actions, trans } = this._options;
    return (
      <CellFactsView
        state={this._state}
        home={actions.home}
        actions={this._leaving(actions)}
        onClose={() => this.leave()}
        trans={trans}
      />
    );
  }

  /** Each action closes the pop-up first: what the action opens takes the focus from there. */
  private _leaving(actions: IBadgeActions): IBadgeActions {
    const leaving =
      <Args extends unknown[]>(action: (...args: Args) => void) =>
      (...args: Args) => {
        this.leave();
        action(...args);
      };
    return {
      ...actions,
      undo: leaving(actions.undo),
      diff: leaving(actions.diff),
      show: leaving(actions.show),
      openLineage: leaving(actions.openLineage),
      runAgain: leaving(actions.runAgain)
    };
  }

  private readonly _options: CellPopUp.IOptions;
  private _state: ICellState;
}

/** Types of `CellPopUp`. */
export namespace CellPopUp {
  export interface IOptions {
    readonly anchor: HTMLElement;
    readonly state: ICellState;
    readonly actions: IBadgeActions;
    readonly trans: TranslationBundle;
    readonly onClose: () => void;
  }
}
