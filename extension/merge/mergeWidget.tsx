import { mergeIcon } from '../icons';
import type { IViewContext } from '../view/viewContext';
import { ViewWidget, type IViewName } from '../view/viewWidget';
import { MergeBody } from './mergeBody';
import { planIcon } from './planIcon';
import { PlanModel, type IPlanQuery } from './planModel';
import { mergeTitle, planWords } from './planWords';

/** A merge, an undo or a restore that is reviewed, answered and applied, in the main area. */
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

  protected override _name(): IViewName {
    const { trans } = this.context;
    const { plan, query } = this.model;
    if (plan !== undefined) {
      const { label, caption } = planWords(plan, trans);
      return { label, caption, icon: planIcon(plan.kind) };
    }
    return query.plan === undefined
      ? mergeTitle(query.source ?? '', query.into ?? '', trans)
      : { label: trans.__('Plan %1', query.plan), caption: trans.__('A plan that was made before') };
  }
}

/** Types of `MergeWidget`. */
export namespace MergeWidget {
  export interface IOptions extends IPlanQuery {
    readonly context: IViewContext;
    readonly project: string;
  }
}
