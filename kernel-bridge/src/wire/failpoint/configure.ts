import { emptyReply } from '../reply';
import type { Command } from '../registry';
import { FailPoints } from './fail-points';

/** Arms a fail point or takes it away. Only a server for tests has this command. */
export const configureFailPoint: Command = {
  name: 'configureFailPoint',
  fields: ['mode', 'data'],
  adminOnly: true,
  run: ({ args, services: { failPoints = new FailPoints() } }) => {
    const name = args.string('configureFailPoint');
    return emptyReply().int32('count', failPoints.configure(name, args.get('mode'), args.object('data')));
  }
};
