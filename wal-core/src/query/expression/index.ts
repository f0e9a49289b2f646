import './basic';
export { compileExpression, compilePath, isOperatorName } from './compile';
export { parseFieldPath, pathReader } from './fieldpath';
export { checkVariableName, constant, newRoot, Scope, setRoot, type Expression, type Frame } from './scope';
