import { Option, type Command } from 'commander';
import { ArgonError } from '@argon/wal-core';
import { dataDirectory } from '../discovery/directory';
import { createLogger } from '../logger';
import type { Methods } from '../rpc/protocol';
import { connect, type BridgeClient } from './client';
import { FORMATS, type Format } from './output';

/** Options that every command about data has. */
export interface CommonOptions {
  readonly data: string;
  readonly output: Format;
  readonly project?: string;
}

/** What a command works with. */
export interface Run {
  readonly call: <M extends keyof Methods>(
    method: M,
    params: Methods[M]['params']
  ) => Promise<Methods[M]['result']>;
  /** The named project, else the only one there is. */
  readonly project: () => Promise<string>;
  /** Prints a value as JSON, or the text made from it. */
  readonly print: <T>(value: T, text: (value: T) => string) => void;
}

/** `--data`, the same for every command. */
export function dataOption(): Option {
  return new Option('--data <dir>', 'data directory')
    .env('ARGON_DATA')
    .default(dataDirectory(''), '~/.argon')
    .argParser(dataDirectory);
}

/** Adds `--data` and `-o`. */
export function withData(command: Command): Command {
  const output = new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table');
  return command.addOption(dataOption()).addOption(output);
}

/** Adds `--project` as well. */
export function withProject(command: Command): Command {
  return withData(command).addOption(
    new Option('-p, --project <name>', 'project; default: the only one').env('ARGON_PROJECT')
  );
}

/** Connects, runs, disconnects: the life of a command. */
export async function run(options: CommonOptions, work: (run: Run) => Promise<void>): Promise<void> {
  const client = await connect(options.data, createLogger('error'), process.env['MLFLOW_TRACKING_URI']);
  try {
    await work({
      call: (method, params) => client.call(method, params),
      project: () => chooseProject(client, options.project),
      print: (value, text) =>
        console.log(options.output === 'json' ? JSON.stringify(value, null, 2) : text(value))
    });
  } finally {
    await client.close();
  }
}

async function chooseProject(client: BridgeClient, named: string | undefined): Promise<string> {
  if (named !== undefined) {
    return named;
  }
  const projects = await client.call('project.list', {});
  const [only, ...others] = projects;
  if (only === undefined) {
    throw new ArgonError('PROJECT_NOT_FOUND', 'There is no project yet. Make one: argon init NAME.');
  }
  if (others.length > 0) {
    const names = projects.map(({ name }) => name).join(', ');
    throw new ArgonError('BAD_REQUEST', `Say which project with -p: ${names}.`);
  }
  return only.name;
}
