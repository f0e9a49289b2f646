import { isInApi } from '../api-version';
import { emptyReply } from '../reply';
import type { Command } from '../registry';

/** What every command is called and where it may be run. */
export const listCommands = (all: () => readonly Command[]): Command => ({
  name: 'listCommands',
  fields: [],
  run: () => {
    const reply = emptyReply().open('commands');
    for (const command of [...all()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      reply.value(command.name, {
        help: '',
        ...(command.aliases === undefined ? {} : { aliases: command.aliases }),
        requiresAuth: command.beforeSignIn !== true,
        secondaryOk: command.writes !== true,
        adminOnly: command.adminOnly === true,
        apiVersions: isInApi(command) ? ['1'] : [],
        deprecatedApiVersions: []
      });
    }
    return reply.close();
  }
});
