import { ReactWidget } from '@jupyterlab/ui-components';
import { diffIcon } from '../icons';
import type { IMainViewsOptions } from '../plugins/mainViews';
export class DiffWidget extends ReactWidget {
  constructor(options: IMainViewsOptions & { project: string; from: string; to: string }) {
    super();
    this.title.label = options.trans.__('Diff %1 → %2', options.from, options.to);
    this.title.icon = diffIcon;
  }
  protected override render(): JSX.Element {
    return <div />;
  }
}
