import type { Command } from 'commander';
import { Users, type User } from '../../auth/users';
import { prepareDataDirectory } from '../../discovery/directory';
import { withData, type CommonOptions } from '../command';
import { ago, harmless, table } from '../output';
import { readPassword } from '../password';

const userTable = (users: readonly User[]) =>
  table(
    users,
    [
      ['user', ({ name }) => name],
      ['added', ({ createdAt }) => ago(createdAt)]
    ],
    'No users yet: nobody can sign in over TCP. Add one: argon user add NAME.'
  );

const usersOf = ({ data }: CommonOptions) => new Users(prepareDataDirectory(data));

/** Who may sign in over TCP. They work with the file itself: a bridge that runs looks at it for each sign-in. */
export function addUserCommands(program: Command): void {
  const user = program.command('user').description('who may sign in over TCP');

  withData(
    user
      .command('add')
      .description('add a user; the password is typed, piped in, or read from a file')
      .argument('<name>')
      .option('--password-file <file>', 'file that holds the password')
      .option('--replace', 'set another password for a user that is there')
  ).action(async (name: string, options: CommonOptions & { passwordFile?: string; replace?: boolean }) => {
    const password = await readPassword(options.passwordFile);
    await usersOf(options).add(name, password, { replace: options.replace === true });
    say(options, { name }, `${harmless(name)} may sign in.`);
  });

  withData(user.command('list').description('list the users')).action((options: CommonOptions) => {
    const users = usersOf(options).list();
    say(options, users, userTable(users));
  });

  withData(user.command('remove').description('remove a user').argument('<name>')).action(
    (name: string, options: CommonOptions) => {
      usersOf(options).remove(name);
      say(options, { name }, `${harmless(name)} may sign in no more; connections end within half a minute.`);
    }
  );
}

function say(options: CommonOptions, value: unknown, text: string): void {
  console.log(options.output === 'json' ? JSON.stringify(value, null, 2) : text);
}
