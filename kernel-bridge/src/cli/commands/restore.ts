import type { Command } from 'commander';
import type { RestorePreviewResult } from '../../rpc/protocol';
import { documentId } from '../arguments';
import { run, withProject, type CommonOptions } from '../command';
import { harmless } from '../output';
import { settle, withPlan, type PlanOptions } from '../settle';
import { diffText, entryTable } from './history';
import { defaultBranch } from './projects';

function previewText({ branch, to, backup, changes, discarded, diff }: RestorePreviewResult): string {
  const [lost, shown] = [
    `${changes} ${changes === 1 ? 'change' : 'changes'}`,
    discarded.length > 0 ? entryTable(discarded) : ''
  ];
  const head = harmless(
    `${branch} back to ${to.ref}: discards ${lost}, which stay under the name ${backup}.`
  );
  return [head, shown, diffText(diff)].filter(part => part !== '').join('\n\n');
}

/** Going back: a branch reset as a whole, or documents given back what they were by a plan. */
export function addRestoreCommands(program: Command): void {
  const restore = program.command('restore').description('set a branch back to an earlier state');
  withProject(restore.command('preview <ref>').description('what that would discard'))
    .option('--branch <name>', 'branch that would change; default: the default branch')
    .action((to: string, options: CommonOptions & { branch?: string }) =>
      run(options, async ({ call, print, project }) => {
        const of = await project();
        const branch = options.branch ?? (await defaultBranch(call, of));
        print(await call('restore.preview', { project: of, branch, to }), previewText);
      })
    );
  withProject(
    restore.command('apply <ref>').description('do it; the discarded line stays under a backup name')
  )
    .option('--branch <name>', 'branch that changes; default: the default branch')
    .action((to: string, options: CommonOptions & { branch?: string }) =>
      run(options, async ({ call, print, project }) => {
        const of = await project();
        const branch = options.branch ?? (await defaultBranch(call, of));
        print(await call('restore.apply', { project: of, branch, to }), ({ branch: now, backup }) =>
          harmless(`${now.name} is at ${now.head}; what it was stays as ${backup}.`)
        );
      })
    );
  withPlan(
    restore
      .command('plan <ref>')
      .description('give a branch, a collection or documents back what they were, as a change like any other')
  )
    .option('--branch <name>', 'branch that changes; default: the default branch')
    .option('--collection <name>', 'only this collection')
    .option(
      '--id <id>',
      'only this document of it (repeatable)',
      (id: string, before: readonly string[] = []) => [...before, id]
    )
    .action(
      (to: string, options: PlanOptions & { branch?: string; collection?: string; id?: readonly string[] }) =>
        run(options, async context => {
          const project = await context.project();
          const { collection, id } = options;
          const plan = await context.call('restore.plan', {
            project,
            branch: options.branch ?? (await defaultBranch(context.call, project)),
            to,
            ...(collection === undefined ? {} : { collection }),
            ...(id === undefined ? {} : { ids: id.map(documentId) })
          });
          await settle(context, project, plan, options);
        })
    );
}
