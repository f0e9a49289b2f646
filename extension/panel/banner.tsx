import { useEffect, useState } from 'react';
import { noticeIcon, warningIcon } from '../icons';
import { PROTOCOL_VERSION } from '../client/protocol';
import { CommandIds } from '../commands/ids';
import { usePanel } from './context';
import { TextButton } from './parts';

/** Above the session block, while the connection is not as it should be. The panel below stays readable. */
export function Banner(): JSX.Element | null {
  const { panel, commands, trans } = usePanel();
  const { client } = panel.workspace;
  const { state } = client;
  const seconds = useSecondsUntil(state.kind === 'reconnecting' ? state.nextTryAt : 0);
  const restart = () => void commands.execute(CommandIds.restartBridge);
  const showLog = () => void commands.execute(CommandIds.showLog);
  switch (state.kind) {
    case 'reconnecting':
      return (
        <div className="jp-ArgonBanner jp-mod-warn" role="status">
          <warningIcon.react tag="span" className="jp-ArgonIcon" />
          <div>
            <b>{trans.__('Connection to the bridge lost.')}</b>{' '}
            {seconds > 0 ? trans.__('Next try in %1 s.', seconds) : trans.__('Trying now…')}
          </div>
          <div className="jp-ArgonBanner-actions">
            <TextButton onClick={() => void client.retryNow()}>{trans.__('Try now')}</TextButton>
            <TextButton onClick={restart}>{trans.__('Restart bridge')}</TextButton>
          </div>
        </div>
      );
    case 'starting':
    case 'connecting':
      return (
        <div className="jp-ArgonBanner jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <div>
            <b>{trans.__('The bridge is starting.')}</b> {trans.__('What you see is as it was before.')}
          </div>
        </div>
      );
    case 'missing':
    case 'failed':
      return (
        <div className="jp-ArgonBanner jp-mod-warn" role="status">
          <warningIcon.react tag="span" className="jp-ArgonIcon" />
          <div>
            <b>{trans.__('The bridge is not running.')}</b> {state.message}
            <div className="jp-ArgonCode">{state.code}</div>
          </div>
          <div className="jp-ArgonBanner-actions">
            <TextButton onClick={() => void client.start()}>{trans.__('Start')}</TextButton>
            <TextButton onClick={showLog}>{trans.__('Show log')}</TextButton>
          </div>
        </div>
      );
    case 'readOnly':
      return (
        <div className="jp-ArgonBanner jp-mod-info" role="status">
          <noticeIcon.react tag="span" className="jp-ArgonIcon" />
          <div>
            <b>
              {trans.__(
                'Read-only: bridge protocol %1, this page %2.',
                state.hello.server.protocol,
                PROTOCOL_VERSION
              )}
            </b>{' '}
            {trans.__('Reading and diffs work. To write again, update the extension and reload.')}
          </div>
          <div className="jp-ArgonBanner-actions">
            <TextButton isPrimary onClick={() => window.location.reload()}>
              {trans.__('Reload page')}
            </TextButton>
            <TextButton onClick={restart}>{trans.__('Restart bridge')}</TextButton>
          </div>
        </div>
      );
    case 'idle':
    case 'connected':
      return null;
  }
}

/** Whole seconds until an instant; counts down while it is drawn. */
function useSecondsUntil(instant: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (instant <= Date.now()) {
      return;
    }
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [instant]);
  return Math.max(0, Math.ceil((instant - Math.max(now, Date.now() - 500)) / 1000));
}
