import { ReactWidget } from '@jupyterlab/ui-components';
import { mergeIcon } from '../icons';
import type { IMainViewsOptions } from '../plugins/mainViews';
export class MergeWidget extends ReactWidget {
  constructor(
    options: IMainViewsOptions & { project: string; source?: string; into?: string; plan?: string }
  ) {
    super();
    this.title.label = options.trans.__('Merge %1 → %2', options.source ?? '', options.into ?? '');
    this.title.icon = mergeIcon;
  }
  protected override render(): JSX.Element {
    return <div />;
  }
}
