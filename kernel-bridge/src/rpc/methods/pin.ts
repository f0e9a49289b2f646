import { originOf, type BridgeContext, type Handlers } from '../context';
import { presentPin } from '../present';

/** Pins. */
export function pinMethods(context: BridgeContext): Handlers<'pin'> {
  const { engine } = context;
  return {
    async 'pin.create'({ project, name, ref, ensure, session }, caller) {
      const origin = originOf(context, caller, session);
      return presentPin(await engine.createPin(project, name, ref, origin, { ensure: ensure ?? false }));
    },

    'pin.list'({ project }) {
      return engine.pins(project).map(presentPin);
    },

    async 'pin.delete'({ project, name, session }, caller) {
      await engine.deletePin(project, name, originOf(context, caller, session));
      return null;
    }
  };
}
