import { Command, CommanderError, Option } from 'commander';
import { isArgonError } from '@argon/wal-core';
import { LOG_LEVELS, withoutCredentials } from '../logger';
import { VERSION } from '../version';
import { wholeNumber } from './arguments';
import { dataOption } from './command';
import { addBridgeCommands } from './commands/bridge';
import { addFeedCommand } from './commands/feed';
import { addHistoryCommands } from './commands/history';
import { addKeepingCommands } from './commands/keeping';
import { addPlanCommands } from './commands/plans';
import { addProjectCommands } from './commands/projects';
import { addRestoreCommands } from './commands/restore';
import { addUserCommands } from './commands/users';
import { addWhyCommand } from './commands/why';
import { EXIT, exitCodeOf } from './exit';
import { harmless } from './output';
import { serve, type ServeOptions } from './serve';

const several = (value: string, before: readonly string[] = []) => [...before, value];

/** The command line of Argon. */
export function program(): Command {
  const root = new Command('argon')
    .description('Branch, travel through and merge MongoDB data.')
    .version(VERSION)
    .showHelpAfterError('(argon --help lists the commands)')
    .addHelpText(
      'after',
      `
Refs name a state: main, main@1600, main@2026-07-07T09:00:00Z, main@-5m, pin:NAME, run:ID.
Commands talk to the running bridge of the data directory, or open it themselves when none runs.
Exit codes: 0 done, 1 failed, 2 wrong command line, 3 directory in use, 4 open conflicts or checks, 5 not found.`
    )
    .exitOverride();

  root
    .command('serve')
    .description('run the bridge; prints one line of JSON when it is ready')
    .addOption(dataOption())
    .option(
      '--port <n>',
      'listen for MongoDB drivers, who sign in as a user (see argon user); 0 takes a free port',
      wholeNumber(0, 65_535)
    )
    .option('--host <address>', 'address to listen on; default: 127.0.0.1')
    .option('--no-auth', 'let the port be used without signing in; only on this machine itself')
    .option('--tls-cert <file>', 'talk TLS on the port, with this certificate (PEM, with its chain)')
    .option('--tls-key <file>', 'private key of the certificate (PEM)')
    .option('--socket-dir <dir>', 'directory of the unix sockets')
    .option('--idle-exit <seconds>', 'end when nobody is connected for this time', wholeNumber(1, 31_536_000))
    .option('--parent-stdin', 'end when standard input closes')
    .addOption(
      new Option('--mlflow <uri>', 'tracking server whose runs are shown').env('MLFLOW_TRACKING_URI')
    )
    .option('--allow-origin <origin>', 'let pages of this origin connect (repeatable)', several)
    .option('--allow-host <name>', 'let requests to this host name in (repeatable)', several)
    .addOption(
      new Option('--test-commands', 'take the commands that tests of MongoDB drivers need').hideHelp()
    )
    .addOption(
      new Option('--log-level <level>', 'what to log')
        .env('ARGON_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('info')
    )
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
  addProjectCommands(root);
  addHistoryCommands(root);
  addWhyCommand(root);
  addFeedCommand(root);
  addPlanCommands(root);
  addRestoreCommands(root);
  addKeepingCommands(root);
  addBridgeCommands(root);
  addUserCommands(root);
  return root;
}

/** Runs a command line; the exit code of the process. */
export async function main(argv: readonly string[]): Promise<number> {
  // `argon log | head` closes the pipe early, which is no fault.
  process.stdout.on('error', () => undefined);
  try {
    await program().parseAsync(argv);
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.OK;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    }
    console.error(`argon: ${explain(error)}`);
    return exitCodeOf(error);
  }
}

/** One line for a person. */
function explain(error: unknown): string {
  if (isArgonError(error)) {
    return harmless(withoutCredentials(error.message));
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `an unexpected fault, please report it:\n${withoutCredentials(text)}`;
}
