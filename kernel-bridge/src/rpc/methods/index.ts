import type { BridgeContext, Handlers } from '../context';
import { affectedMethods } from './affected';
import { blameMethods } from './blame';
import { branchMethods } from './branch';
import { bridgeMethods } from './bridge';
import { documentsMethods } from './documents';
import { feedMethods } from './feed';
import { historyMethods } from './history';
import { keepingMethods } from './keeping';
import { lineageMethods } from './lineage';
import { pinMethods } from './pin';
import { planMethods } from './plan';
import { projectMethods } from './project';
import { restoreMethods } from './restore';
import { runMethods } from './run';
import { sessionMethods } from './session';

/** Every method of the protocol. The type makes sure that none is missing. */
export function methods(context: BridgeContext): Handlers {
  return {
    ...bridgeMethods(context),
    ...projectMethods(context),
    ...branchMethods(context),
    ...historyMethods(context),
    ...blameMethods(context),
    ...documentsMethods(context),
    ...feedMethods(context),
    ...keepingMethods(context),
    ...lineageMethods(context),
    ...pinMethods(context),
    ...planMethods(context),
    ...restoreMethods(context),
    ...runMethods(context),
    ...affectedMethods(context),
    ...sessionMethods(context)
  };
}
