import { checkIcon, circleEmptyIcon, copyIcon } from '@jupyterlab/ui-components';
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import type { ConnectionState } from '../client/connectionState';
import { CommandIds } from '../commands/ids';
import { errorIcon } from '../icons';
import { usePanel } from './context';
import { IconButton, TextButton } from './parts';

/** The whole panel while there is no project to show yet: the bridge is starting, missing or failed. */
export function StateView({ state }: { readonly state: ConnectionState }): JSX.Element {
  const { panel, commands, trans } = usePanel();
  const { client } = panel.workspace;
  const showLog = (
    <TextButton onClick={() => void commands.execute(CommandIds.showLog)}>{trans.__('Show log')}</TextButton>
  );
  switch (state.kind) {
    case 'idle':
      return (
        <Message title={trans.__('The bridge is stopped')}>
          <p>{trans.__('It starts when a notebook or this panel needs it.')}</p>
          <div className="jp-ArgonState-actions">
            <TextButton isPrimary onClick={() => void client.start()}>
              {trans.__('Start')}
            </TextButton>
            {showLog}
          </div>
        </Message>
      );
    case 'starting':
    case 'connecting':
      return <Starting state={state} />;
    case 'connected':
    case 'readOnly':
      return (
        <Message title={trans.__('Reading the projects…')}>
          <p>{trans.__('Connected to the bridge.')}</p>
        </Message>
      );
    case 'reconnecting':
      return (
        <Message title={trans.__('The bridge does not answer')}>
          <p>{state.message}</p>
          <div className="jp-ArgonState-actions">
            <TextButton isPrimary onClick={() => void client.retryNow()}>
              {trans.__('Try now')}
            </TextButton>
            <TextButton onClick={() => void client.restart()}>{trans.__('Restart bridge')}</TextButton>
            {showLog}
          </div>
        </Message>
      );
    case 'missing':
    case 'failed':
      return <NotRunning state={state} />;
  }
}

function Message(props: {
  readonly title: string;
  readonly isError?: boolean;
  readonly children: ReactNode;
}): JSX.Element {
  return (
    <div className="jp-ArgonState" role="status">
      <h3>
        {props.isError === true && (
          <errorIcon.react tag="span" className="jp-ArgonIcon jp-ArgonState-error" />
        )}
        {props.title}
      </h3>
      {props.children}
    </div>
  );
}

function Starting(props: {
  readonly state: Extract<ConnectionState, { kind: 'starting' | 'connecting' }>;
}): JSX.Element {
  const { state } = props;
  const { commands, trans } = usePanel();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const isConnecting = state.kind === 'connecting';
  const seconds = Math.max(0, Math.round((now - state.since) / 1000));
  const stage = state.kind === 'starting' ? state.message : '';
  const steps: readonly (readonly ['done' | 'now' | 'later', string])[] = [
    ['done', trans.__('Jupyter server answers')],
    [isConnecting ? 'done' : 'now', trans.__('Starting Node.js and reading the log')],
    [isConnecting ? 'now' : 'later', trans.__('Connecting')]
  ];
  return (
    <Message title={trans.__('Starting the bridge')}>
      <p>{trans.__('%1 s so far, usually under 5 s.', seconds)}</p>
      <ol className="jp-ArgonState-steps">
        {steps.map(([at, words]) => (
          <li key={words} className={`jp-mod-${at}`} aria-current={at === 'now' ? 'step' : undefined}>
            {at === 'done' ? (
              <checkIcon.react tag="span" className="jp-ArgonIcon" />
            ) : at === 'now' ? (
              <span className="jp-ArgonState-now" aria-hidden="true" />
            ) : (
              <circleEmptyIcon.react tag="span" className="jp-ArgonIcon" />
            )}
            {words}
          </li>
        ))}
      </ol>
      {stage !== '' && <p className="jp-ArgonState-stage">{stage}</p>}
      <p>{trans.__('Notebooks keep running. Cells that need Argon wait for it, then say so.')}</p>
      <div className="jp-ArgonState-actions">
        <TextButton onClick={() => void commands.execute(CommandIds.showLog)}>
          {trans.__('Show log')}
        </TextButton>
      </div>
    </Message>
  );
}

function NotRunning(props: {
  readonly state: Extract<ConnectionState, { kind: 'missing' | 'failed' }>;
}): JSX.Element {
  const { state } = props;
  const { panel, commands, trans, copy } = usePanel();
  const { client } = panel.workspace;
  const remedy = remedyOf(state.code);
  const canStart = state.code !== 'SERVER_EXTENSION_MISSING';
  return (
    <Message title={trans.__('The bridge is not running')} isError>
      <p>{state.message}</p>
      {remedy !== undefined && (
        <>
          <p className="jp-ArgonState-note">
            {remedy.isEnvironment
              ? trans.__('1. Install it in the environment of JupyterLab')
              : trans.__('1. Enable it in the environment of JupyterLab')}
          </p>
          <div className="jp-ArgonCommand">
            <code>{remedy.command}</code>
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy the command')}
              onClick={() => copy(remedy.command)}
            />
          </div>
          <p className="jp-ArgonState-note">
            {canStart
              ? trans.__('2. Start the bridge. No restart of JupyterLab is needed.')
              : trans.__('2. Restart JupyterLab.')}
          </p>
        </>
      )}
      <div className="jp-ArgonState-actions">
        {canStart && (
          <TextButton isPrimary onClick={() => void client.start()}>
            {trans.__('Start')}
          </TextButton>
        )}
        <TextButton onClick={() => void commands.execute(CommandIds.showLog)}>
          {trans.__('Show log')}
        </TextButton>
      </div>
      <hr />
      <p>
        {trans.__(
          'Your data is untouched. Notebooks open and run as usual; only Argon calls fail, with this same reason.'
        )}
      </p>
      <div className="jp-ArgonCode">{state.code}</div>
    </Message>
  );
}

/** A command that mends a reason, if there is one. */
function remedyOf(code: string): { readonly command: string; readonly isEnvironment: boolean } | undefined {
  switch (code) {
    case 'BRIDGE_NODE_MISSING':
      return { command: 'pip install "jupyterlab-argon[node]"', isEnvironment: true };
    case 'SERVER_EXTENSION_MISSING':
      return { command: 'jupyter server extension enable argon', isEnvironment: false };
    default:
      return undefined;
  }
}

/** The panel of a data directory without a project. */
export function FirstRun(): JSX.Element {
  const { commands, trans, copy } = usePanel();
  const line = '%argon init penguins';
  return (
    <div className="jp-ArgonFirstRun">
      <FirstRunDrawing />
      <h3>{trans.__('Create your first project')}</h3>
      <p>
        {trans.__(
          'A project keeps every change to your MongoDB data. You can branch it, go back, and see what each run has read.'
        )}
      </p>
      <TextButton isPrimary onClick={() => void commands.execute(CommandIds.createProject)}>
        {trans.__('Create project…')}
      </TextButton>
      <p className="jp-ArgonState-note">{trans.__('or in a notebook')}</p>
      <button
        type="button"
        className="jp-ArgonFirstRun-line"
        title={trans.__('Copy this line')}
        onClick={() => copy(line)}
      >
        {line}
      </button>
    </div>
  );
}

function FirstRunDrawing(): JSX.Element {
  return (
    <svg className="jp-ArgonFirstRun-drawing" width="92" height="46" viewBox="0 0 92 46" aria-hidden="true">
      <path className="jp-ArgonLane jp-mod-default" d="M12 35H82" />
      <path className="jp-ArgonLane jp-mod-session" d="M31 35C40 35 38 10 50 10H72" />
      <g className="jp-ArgonNode jp-mod-default">
        <circle className="jp-ArgonNode-hollow" cx="9" cy="35" r="5.5" />
        <circle className="jp-ArgonNode-hollow" cx="31" cy="35" r="5.5" />
        <circle className="jp-ArgonNode-hollow" cx="83" cy="35" r="5.5" />
      </g>
      <g className="jp-ArgonNode jp-mod-session">
        <circle className="jp-ArgonNode-hollow" cx="53" cy="10" r="5.5" />
        <circle className="jp-ArgonNode-filled" cx="76" cy="10" r="6.5" />
      </g>
    </svg>
  );
}

/** The last lines of the bridge's log, opened where the newest are. */
export function LogView({ lines }: { readonly lines: readonly string[] }): JSX.Element {
  const { panel, trans, copy } = usePanel();
  const text = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (text.current !== null) {
      text.current.scrollTop = text.current.scrollHeight;
    }
  }, [lines]);
  return (
    <div className="jp-ArgonLog" role="region" aria-label={trans.__('Log of the bridge')}>
      <div className="jp-ArgonLog-bar">
        <h3>{trans.__('Log of the bridge')}</h3>
        <IconButton icon={copyIcon} label={trans.__('Copy the log')} onClick={() => copy(lines.join('\n'))} />
        <TextButton
          onClick={() => {
            panel.log = undefined;
          }}
        >
          {trans.__('Close')}
        </TextButton>
      </div>
      <pre ref={text} tabIndex={0}>
        {lines.length === 0 ? trans.__('The log is empty.') : lines.join('\n')}
      </pre>
    </div>
  );
}
