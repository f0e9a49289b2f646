import './logic';
import './arithmetic';
import './trigonometry';
import './string';
import './arrays';
import './set';
import './object';
import './conversion';
import './date/arithmetic';
import './date/format';
import './date/parts';
import './regexop';
import './accumulate';
import './hashedkey';

export { compilePath, compileRoot as compileExpression, isOperatorName } from './compile';
export { isDollarField, parseFieldPath, pathReader } from './fieldpath';
export { checkVariableName, constant, newRoot, Scope, setRoot, type Expression, type Frame } from './scope';
