import type { Command } from 'commander';
import type { Change } from '../../rpc/protocol';
import { wholeNumber } from '../arguments';
import { run, withProject, type CommonOptions } from '../command';
import { ago, harmless } from '../output';
import { path, SIGNS, who } from './history';

const WAIT_MS = 25_000;
const PAGE_MAX = 1_000;

interface FeedOptions extends CommonOptions {
  readonly after?: number;
  readonly branch?: string;
  readonly collection?: string;
  readonly limit?: number;
  readonly follow?: boolean;
}

function changeLine({
  lsn,
  branch,
  timeline,
  collection,
  id,
  op,
  catalog,
  fields,
  origin,
  time
}: Change): string {
  const where = branch ?? `timeline ${timeline}`;
  const what = catalog === true ? `collection ${collection}` : `${collection} ${JSON.stringify(id)}`;
  const shown = op === 'update' ? `  ${fields.map(path).join(', ')}` : '';
  return harmless(`${lsn}  ${where}  ${SIGNS[op]} ${what}${shown}  ${who(origin)}, ${ago(time)}`);
}

/** Changes from any LSN on, one line each; with `-o json` one line of JSON each, so that a program can read along. */
export function addFeedCommand(program: Command): void {
  withProject(program.command('feed').description('changes from an LSN on, oldest first, each once'))
    .option('--after <lsn>', 'the newest LSN that is known already; default: 0', wholeNumber(0, 2 ** 53 - 1))
    .option('--branch <name>', 'only the changes that its state consists of')
    .option('--collection <name>', 'only this collection')
    .option('--limit <n>', 'stop after so many', wholeNumber(1, 1e9))
    .option('--follow', 'go on with what is written later')
    .action((options: FeedOptions) =>
      run(options, async ({ call, project }) => {
        const { branch, collection, limit = Infinity, follow = false, output } = options;
        const of = {
          project: await project(),
          ...(branch === undefined ? {} : { branch }),
          ...(collection === undefined ? {} : { collection }),
          ...(follow ? { waitMs: WAIT_MS } : {})
        };
        let left = limit;
        for (let after = options.after ?? 0; left > 0;) {
          const page = await call('feed', { ...of, after, limit: Math.min(left, PAGE_MAX) });
          for (const change of page.changes) {
            console.log(output === 'json' ? JSON.stringify(change) : changeLine(change));
          }
          left -= page.changes.length;
          if (!follow && page.upTo >= page.head) {
            return;
          }
          if (!follow && page.upTo === after) {
            return;
          }
          after = page.upTo;
        }
      })
    );
}
