import { MongoError } from '../errors';
import { emptyReply } from '../reply';
import type { Command } from '../registry';

/** Arms the one fail point there is. Only a server for tests has this command. */
export const configureFailPoint: Command = {
  name: 'configureFailPoint',
  fields: ['mode', 'data'],
  adminOnly: true,
  run: ({ args, services }) => {
    const name = args.string('configureFailPoint');
    if (name !== 'failCommand' || services.failCommand === undefined) {
      throw new MongoError('FailPointSetFailed', `${name} not found`);
    }
    const count = services.failCommand.configure(args.get('mode'), args.object('data'));
    return emptyReply().int32('count', count);
  }
};
