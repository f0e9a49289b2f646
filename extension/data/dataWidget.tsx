import { dataIcon } from '../icons';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget, type IViewName } from '../view/viewWidget';
import { DataBody } from './dataBody';
import { DataModel, type IDataQuery } from './dataModel';

/** Documents of one state, in the main area. */
export class DataWidget extends ViewWidget<DataModel> {
  constructor({ context, query }: DataWidget.IOptions) {
    super(context, new DataModel(context.client, query, context.settings), dataIcon);
  }

  override get query(): IDataQuery {
    return this.model.query;
  }

  protected override _body(): JSX.Element {
    return <DataBody model={this.model} />;
  }

  protected override _name(): IViewName {
    const { trans } = this.context;
    const { collection, project, ref, state } = this.model;
    return {
      label: collection === undefined ? trans.__('Data of %1', ref) : `${collection} · ${ref}`,
      caption: trans.__('Documents of %1 in %2 of %3', collection ?? '', state?.ref ?? ref, project)
    };
  }
}

/** Types of `DataWidget`. */
export namespace DataWidget {
  export interface IOptions {
    readonly context: IViewContext;
    readonly query: IDataQuery;
  }
}
