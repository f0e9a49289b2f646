import { diffIcon } from '../icons';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget, type IViewName } from '../view/viewWidget';
import { DiffBody } from './diffBody';
import { DiffModel, type IDiffQuery } from './diffModel';

/** The diff of two states, in the main area. */
export class DiffWidget extends ViewWidget<DiffModel> {
  constructor({ context, project, from, to }: DiffWidget.IOptions) {
    super(context, new DiffModel(context.client, project, from, to), diffIcon);
  }

  override get query(): IDiffQuery {
    const { project, from, to } = this.model;
    return { project, from, to };
  }

  protected override _body(): JSX.Element {
    return <DiffBody model={this.model} />;
  }

  protected override _name(): IViewName {
    const { trans } = this.context;
    const { diff, from, to } = this.model;
    return {
      label: trans.__('Diff %1 → %2', diff?.from.branch ?? from, diff?.to.branch ?? to),
      caption: trans.__('What differs between %1 and %2', diff?.from.ref ?? from, diff?.to.ref ?? to)
    };
  }
}

/** Types of `DiffWidget`. */
export namespace DiffWidget {
  export interface IOptions extends IDiffQuery {
    readonly context: IViewContext;
  }
}
