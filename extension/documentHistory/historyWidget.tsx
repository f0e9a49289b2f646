import { historyIcon } from '@jupyterlab/ui-components';
import { idText } from '../format/value';
import { shortenMiddle } from '../format/shorten';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget, type IViewName } from '../view/viewWidget';
import { HistoryBody } from './historyBody';
import { HistoryModel, type HistoryView, type IDocumentPlace } from './historyModel';

/** Characters of an `_id` in the title of a tab. */
const TITLE_CHARACTERS = 24;

/** History and blame of one document, in the main area. */
export class HistoryWidget extends ViewWidget<HistoryModel> {
  constructor({ context, place, view }: HistoryWidget.IOptions) {
    super(context, new HistoryModel(context.client, place, view), historyIcon);
  }

  override get query(): IDocumentPlace & { readonly view: HistoryView } {
    return { ...this.model.place, view: this.model.view };
  }

  protected override _body(): JSX.Element {
    return <HistoryBody model={this.model} />;
  }

  protected override _name(): IViewName {
    const { trans } = this.context;
    const { place } = this.model;
    const id = idText(place.id);
    return {
      label: trans.__('History of %1', shortenMiddle(id, TITLE_CHARACTERS)),
      caption: trans.__('History of %1 in %2, seen from %3', id, place.collection, place.ref)
    };
  }
}

/** Types of `HistoryWidget`. */
export namespace HistoryWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly place: IDocumentPlace;
    readonly view: HistoryView;
  }
}
