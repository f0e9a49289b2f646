import { ArgonError } from '@argon/wal-core';
import { originOf, type BridgeContext, type Handlers } from '../context';
import { presentProject } from '../present';

/** Projects. */
export function projectMethods(context: BridgeContext): Handlers<'project'> {
  const { engine } = context;
  return {
    'project.list'() {
      return engine.projects().map(presentProject);
    },

    async 'project.create'({ name, ensure, session }, caller) {
      const origin = originOf(context, caller, session);
      return presentProject(await engine.createProject(name, origin, { ensure: ensure ?? false }));
    },

    async 'project.delete'({ name, confirm, session }, caller) {
      engine.project(name);
      if (confirm !== name) {
        throw new ArgonError(
          'BAD_REQUEST',
          `To delete the project ${JSON.stringify(name)}, say its name again in \`confirm\`.`
        );
      }
      await engine.deleteProject(name, originOf(context, caller, session));
      return null;
    }
  };
}
