import { closeIcon } from '@jupyterlab/ui-components';
import { isOpen } from '../client/connectionState';
import { codeOf, messageOf } from '../client/rpcError';
import { count } from '../format/count';
import { keyOf } from '../model/history';
import type { ProjectModel } from '../model/project';
import { Banner } from './banner';
import { PanelContextProvider, usePanel, useSignal, type IPanelContext } from './context';
import { DetailsSection } from './details';
import { Filter } from './filter';
import { Header } from './header';
import { HistorySection } from './history';
import { IconButton } from './parts';
import type { INotice } from './panelModel';
import { QuestionView } from './question';
import { SearchResults, useSearch } from './search';
import { SessionBlock } from './sessionBlock';
import { Slider } from './slider';
import { FirstRun, LogView, StateView } from './states';

/** The panel: everything inside the side bar's widget. */
export function PanelBody({ context }: { readonly context: IPanelContext }): JSX.Element {
  return (
    <PanelContextProvider value={context}>
      <Content />
    </PanelContextProvider>
  );
}

function Content(): JSX.Element {
  const { panel, trans } = usePanel();
  useSignal(panel.changed);
  const { workspace } = panel;
  const { project } = workspace;
  const { state } = workspace.client;
  useSignal(project?.changed);
  const isKnown = workspace.projects !== undefined;
  const log = panel.log === undefined ? null : <LogView lines={panel.log} />;

  if (!isKnown) {
    return (
      <div className="jp-ArgonPanel-body">
        <div className="jp-ArgonHeader">
          <span className="jp-ArgonHeader-name">{trans.__('Argon')}</span>
        </div>
        <StateView state={state} />
        {log}
      </div>
    );
  }
  if (project === undefined) {
    return (
      <div className="jp-ArgonPanel-body">
        <div className="jp-ArgonHeader">
          <span className="jp-ArgonHeader-name">{trans.__('Argon')}</span>
        </div>
        <Banner />
        <Notice />
        {panel.question?.kind === 'project' ? <QuestionView question={panel.question} /> : <FirstRun />}
        {log}
      </div>
    );
  }
  return (
    <div className="jp-ArgonPanel-body">
      <Header />
      <Banner />
      <SessionBlock project={project} />
      <Loaded project={project} isLive={isOpen(state)} />
      {log}
    </div>
  );
}

function Loaded(props: { readonly project: ProjectModel; readonly isLive: boolean }): JSX.Element {
  const { project } = props;
  const { panel, trans } = usePanel();
  const found = useSearch(project);
  const isSearching = panel.filter.trim() !== '';
  const entry = project.history.entries.find(candidate => keyOf(candidate) === panel.selected);
  if (typeof project.loading === 'object') {
    return (
      <div className="jp-ArgonState" role="status">
        <h3>{trans.__('The history of %1 cannot be read', project.name)}</h3>
        <p>{messageOf(project.loading.error)}</p>
        <div className="jp-ArgonCode">{codeOf(project.loading.error)}</div>
      </div>
    );
  }
  return (
    <>
      <Filter
        counted={
          isSearching && found !== undefined && found.state === undefined
            ? trans.__('%1 of %2', count(found.total), count(project.branchTotal))
            : undefined
        }
      />
      {isSearching ? (
        found === undefined ? (
          <div className="jp-ArgonSearch" />
        ) : (
          <SearchResults project={project} found={found} />
        )
      ) : project.loading === 'waiting' ? (
        <div className="jp-ArgonState">
          <p>{trans.__('Reading the history…')}</p>
        </div>
      ) : (
        <HistorySection project={project} />
      )}
      <Notice />
      {panel.question !== undefined ? (
        <QuestionView question={panel.question} />
      ) : (
        entry !== undefined &&
        !isSearching &&
        panel.looked === undefined && <DetailsSection project={project} entry={entry} />
      )}
      {!isSearching && project.loading === 'ready' && <Slider project={project} />}
    </>
  );
}

/** What was done, or why not: a line that a screen reader is told, never a dialog. */
function Notice(): JSX.Element {
  const { panel, trans } = usePanel();
  const { notice } = panel;
  return (
    <div className="jp-ArgonNotice-place" aria-live="polite">
      {notice !== undefined && (
        <div className={`jp-ArgonNotice jp-mod-${notice.kind}`}>
          <span>
            <NoticeText notice={notice} />
          </span>
          <IconButton
            icon={closeIcon}
            label={trans.__('Close this message')}
            onClick={() => panel.say(undefined)}
          />
        </div>
      )}
    </div>
  );
}

function NoticeText({ notice }: { readonly notice: INotice }): JSX.Element {
  return (
    <>
      {notice.text} {notice.code !== undefined && <span className="jp-ArgonCode">{notice.code}</span>}
    </>
  );
}
