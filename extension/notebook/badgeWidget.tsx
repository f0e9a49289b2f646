import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ICellState } from './activity';
import { Badges, type IBadgeActions } from './badge';

/** The line of badges on the lower edge of a cell's editor. It takes no room. */
export class BadgeLine extends ReactWidget {
  constructor(actions: IBadgeActions, trans: TranslationBundle) {
    super();
    this._actions = actions;
    this._trans = trans;
    this.addClass('jp-ArgonBadges');
    this.node.setAttribute('role', 'note');
  }

  /** What the badges show; undefined for nothing. */
  set state(value: ICellState | undefined) {
    this._state = value;
    this.update();
  }

  protected override render(): JSX.Element {
    return this._state === undefined ? (
      <></>
    ) : (
      <Badges state={this._state} actions={this._actions} trans={this._trans} />
    );
  }

  private readonly _actions: IBadgeActions;
  private readonly _trans: TranslationBundle;
  private _state: ICellState | undefined;
}
