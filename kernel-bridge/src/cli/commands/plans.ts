import type { Command } from 'commander';
import { run, withProject, type CommonOptions } from '../command';
import {
  planText,
  selection,
  settle,
  withPlan,
  withSelection,
  type PlanOptions,
  type SelectionOptions
} from '../settle';
import { defaultBranch } from './projects';

/** Merge, pick, undo, and what checks say of a plan. */
export function addPlanCommands(program: Command): void {
  withPlan(program.command('merge <source>').description('merge a state into a branch'))
    .option('--into <branch>', 'branch that changes; default: the default branch')
    .action((source: string, options: PlanOptions & { into?: string }) =>
      run(options, async context => {
        const project = await context.project();
        const into = options.into ?? (await defaultBranch(context.call, project));
        await settle(context, project, await context.call('merge.plan', { project, source, into }), options);
      })
    );

  withSelection(
    withPlan(program.command('pick <source>').description('do on a branch what some changes did elsewhere'))
  )
    .option('--into <branch>', 'branch that changes; default: the default branch')
    .action((source: string, options: PlanOptions & SelectionOptions & { into?: string }) =>
      run(options, async context => {
        const project = await context.project();
        const into = options.into ?? (await defaultBranch(context.call, project));
        const what = { project, source, into, ...selection(options) };
        await settle(context, project, await context.call('pick.plan', what), options);
      })
    );

  withSelection(withPlan(program.command('undo').description('take changes back')))
    .option('--branch <name>', 'branch that changes; default: the default branch')
    .action((options: PlanOptions & SelectionOptions & { branch?: string }) =>
      run(options, async context => {
        const project = await context.project();
        const branch = options.branch ?? (await defaultBranch(context.call, project));
        const plan = await context.call('undo.plan', { project, branch, ...selection(options) });
        await settle(context, project, plan, options);
      })
    );

  withProject(
    program.command('check <plan> <name>').description('record that a check passed for a plan, or failed')
  )
    .option('--failed', 'it failed')
    .option('--detail <text>', 'a link or a sentence for people')
    .action((id: string, name: string, options: CommonOptions & { failed?: boolean; detail?: string }) =>
      run(options, async ({ call, print, project }) => {
        const { failed = false, detail } = options;
        const of = { project: await project(), id, name, passed: !failed };
        const plan = await call('plan.check', { ...of, ...(detail === undefined ? {} : { detail }) });
        print(plan, value => planText(value, []));
      })
    );

  withPlan(program.command('apply <plan>').description('apply a plan that was made before')).action(
    (id: string, options: PlanOptions) =>
      run(options, async context => {
        const project = await context.project();
        await settle(context, project, await context.call('plan.get', { project, id }), options);
      })
  );
}
