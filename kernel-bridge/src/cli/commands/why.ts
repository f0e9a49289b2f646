import type { Command } from 'commander';
import type { Blame } from '../../rpc/protocol';
import { documentId, fieldPath } from '../arguments';
import { run, withProject, type CommonOptions } from '../command';
import { ago, table } from '../output';
import { path, show, who } from './history';
import { defaultBranch } from './projects';

const blameTable = (fields: readonly Blame[]) =>
  table(
    fields,
    [
      ['field', path],
      ['value', ({ value }) => show(value)],
      ['lsn', ({ lsn, exact }) => `${exact ? '' : '≤ '}${lsn}`],
      ['branch', ({ branch, timeline }) => branch ?? `timeline ${timeline}`],
      ['who', ({ origin }) => who(origin)],
      ['runs', ({ runs }) => runs.join(', ')],
      ['when', ({ time }) => ago(time)]
    ],
    'There is no such document or field here.'
  );

/** Who gave the fields of a document their values. */
export function addWhyCommand(program: Command): void {
  withProject(
    program
      .command('why')
      .argument('<collection>')
      .argument('<id>', 'its _id: Extended JSON, or text')
      .argument('[path]', 'only this field and what is below it: bill.length_mm', fieldPath)
      .alias('blame')
      .description('who gave each field of a document its value: LSN, cell, run')
  )
    .option('--ref <ref>', 'as seen from this state; default: the default branch')
    .action(
      (collection: string, id: string, at: string[] | undefined, options: CommonOptions & { ref?: string }) =>
        run(options, async ({ call, print, project }) => {
          const name = await project();
          const ref = options.ref ?? (await defaultBranch(call, name));
          const of = { project: name, ref, collection, id: documentId(id) };
          const fields: Blame[] = [];
          let after: number | undefined;
          do {
            const page = await call('blame', {
              ...of,
              ...(at === undefined ? {} : { path: at }),
              ...(after === undefined ? {} : { after })
            });
            fields.push(...page.fields);
            after = page.next;
          } while (after !== undefined);
          print(fields, blameTable);
        })
    );
}
