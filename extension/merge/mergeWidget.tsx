import { mergeIcon } from '../icons';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget } from '../view/viewWidget';
import { MergeBody } from './mergeBody';
import { PlanModel, type IPlanQuery } from './planModel';

/** A merge or an undo that is reviewed, answered and applied, in the main area. */
export class MergeWidget extends ViewWidget<PlanModel> {
  constructor({ context, project, ...query }: MergeWidget.IOptions) {
    const session = () => context.workspace.session?.id;
    super(context, new PlanModel(context.client, project, { ...query, session }), mergeIcon);
  }

  override get query(): IPlanQuery {
    return this.model.query;
  }

  protected override _body(): JSX.Element {
    return <MergeBody model={this.model} />;
  }

  protected override _name(): { label: string; caption: string } {
    const { trans } = this.context;
    const { plan, source, into } = this.model;
    return {
      label:
        plan?.kind === 'undo'
          ? trans.__('Undo %1 on %2', source, into)
          : trans.__('Merge %1 → %2', nameOf(source), into),
      caption: trans.__('%1 into %2', source, into)
    };
  }
}

/** Types of `MergeWidget`. */
export namespace MergeWidget {
  export interface IOptions extends IPlanQuery {
    readonly context: IViewContext;
    readonly project: string;
  }
}

/** The branch of a ref. */
function nameOf(ref: string): string {
  const at = ref.lastIndexOf('@');
  return at > 0 ? ref.slice(0, at) : ref;
}
