import type { Command } from 'commander';
import { duration, wholeNumber } from '../arguments';
import { run, withData, withProject, type CommonOptions } from '../command';
import { ago, harmless, table } from '../output';
import type { Branch, Collection, Project } from '../../rpc/protocol';

const projectTable = (projects: readonly Project[]) =>
  table(
    projects,
    [
      ['project', ({ name }) => name],
      ['head', ({ head }) => head],
      ['default branch', ({ defaultBranch }) => defaultBranch],
      ['created', ({ createdAt }) => ago(createdAt)]
    ],
    'No projects yet. Make one: argon init NAME.'
  );

const branchTable = (branches: readonly Branch[]) =>
  table(
    branches,
    [
      ['branch', ({ name }) => name],
      ['head', ({ head }) => head],
      ['changed', ({ headAt }) => ago(headAt)],
      ['ahead', ({ ahead }) => ahead],
      ['behind', ({ behind }) => behind],
      ['from', ({ fork }) => (fork ? `${fork.branch ?? `timeline ${fork.timeline}`}@${fork.lsn}` : '')],
      ['', branch => marks(branch).join(', ')]
    ],
    'No branches match.'
  );

function marks({ isDefault, isProtected, checks, backupOf, expiresAt, mergedAt }: Branch): string[] {
  return [
    isDefault ? 'default' : '',
    isProtected ? ['protected', ...(checks ?? [])].join(' ') : '',
    backupOf === undefined ? '' : `backup of ${backupOf}`,
    mergedAt === undefined ? '' : `merged at ${mergedAt}`,
    expiresAt === undefined ? '' : `until ${expiresAt}`
  ].filter(mark => mark !== '');
}

const collectionTable = (collections: readonly Collection[]) =>
  table(
    collections,
    [
      ['collection', ({ name }) => name],
      ['documents', ({ count }) => count],
      ['digest', ({ digest }) => digest],
      ['indexes', ({ indexes }) => indexes.map(({ name }) => name).join(', ')]
    ],
    'No collections in this state.'
  );

/** Projects, branches, collections. */
export function addProjectCommands(program: Command): void {
  withData(program.command('projects').description('list the projects')).action((options: CommonOptions) =>
    run(options, async ({ call, print }) => print(await call('project.list', {}), projectTable))
  );

  withData(program.command('init <name>').description('create a project'))
    .option('--ensure', 'no error when it exists')
    .action((name: string, options: CommonOptions & { ensure?: boolean }) =>
      run(options, async ({ call, print }) => {
        const ensure = options.ensure ?? false;
        print(await call('project.create', { name, ensure }), project => projectTable([project]));
      })
    );

  withProject(program.command('branches').description('list the branches of a project'))
    .option('--search <text>', 'only names that contain this text')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 10_000))
    .action((options: CommonOptions & { search?: string; limit?: number }) =>
      run(options, async ({ call, print, project }) => {
        const { search, limit } = options;
        const page = await call('branch.list', {
          project: await project(),
          ...(search === undefined ? {} : { search }),
          ...(limit === undefined ? {} : { limit })
        });
        print(page.branches, branchTable);
      })
    );

  const branch = program.command('branch').description('create, rename, protect or delete a branch');
  withProject(branch.command('create <name>').description('create a branch'))
    .option('--from <ref>', 'where it starts; default: the head of the default branch')
    .option('--ttl <time>', 'it expires after this time: 12h, 7d', duration)
    .option('--ensure', 'no error when it exists')
    .action((name: string, options: CommonOptions & { from?: string; ttl?: number; ensure?: boolean }) =>
      run(options, async ({ call, print, project }) => {
        const { from, ttl, ensure = false } = options;
        const params = { project: await project(), name, ensure };
        const created = await call('branch.create', {
          ...params,
          ...(from === undefined ? {} : { from }),
          ...(ttl === undefined ? {} : { ttlSeconds: ttl })
        });
        print(created, one => branchTable([one]));
      })
    );
  withProject(branch.command('rename <name> <to>').description('rename a branch')).action(
    (name: string, to: string, options: CommonOptions) =>
      run(options, async ({ call, print, project }) =>
        print(await call('branch.rename', { project: await project(), name, to }), one => branchTable([one]))
      )
  );
  withProject(branch.command('protect <name>').description('let a branch take plans only'))
    .option(
      '--check <name>',
      'and those only when this check has passed (repeatable)',
      (check: string, before: readonly string[] = []) => [...before, check]
    )
    .action((name: string, options: CommonOptions & { check?: readonly string[] }) =>
      run(options, async ({ call, print, project }) => {
        const { check } = options;
        const params = { project: await project(), name, protect: true };
        const checks = check === undefined ? {} : { checks: [...check] };
        print(await call('branch.protect', { ...params, ...checks }), one => branchTable([one]));
      })
    );
  withProject(branch.command('unprotect <name>').description('let a branch be written again')).action(
    (name: string, options: CommonOptions) =>
      run(options, async ({ call, print, project }) =>
        print(await call('branch.protect', { project: await project(), name, protect: false }), one =>
          branchTable([one])
        )
      )
  );
  withProject(branch.command('delete <name>').description('delete a branch')).action(
    (name: string, options: CommonOptions) =>
      run(options, async ({ call, print, project }) =>
        print(await call('branch.delete', { project: await project(), name }), ({ head, unmerged }) =>
          harmless(
            `Deleted ${name} at ${head}${unmerged > 0 ? `; ${unmerged} of its changes were merged nowhere` : ''}.`
          )
        )
      )
  );

  withProject(program.command('collections [ref]').description('list the collections of a state')).action(
    (ref: string | undefined, options: CommonOptions) =>
      run(options, async ({ call, print, project }) => {
        const name = await project();
        const at = ref ?? (await defaultBranch(call, name));
        print(await call('ref.collections', { project: name, ref: at }), state =>
          collectionTable(state.collections)
        );
      })
  );
}

/** Name of the default branch of a project. */
export async function defaultBranch(
  call: (
    method: 'branch.list',
    params: { project: string; limit: number }
  ) => Promise<{ branches: Branch[] }>,
  project: string
): Promise<string> {
  const { branches } = await call('branch.list', { project, limit: 1 });
  return branches[0]?.name ?? 'main';
}
