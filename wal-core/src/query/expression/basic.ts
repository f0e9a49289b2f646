import { argumentList, checkArity, register } from './compile';
import { constant } from './scope';

register({
  $literal: argument => constant({ type: argument.type, bytes: argument.bytes })
});
export { argumentList, checkArity };
