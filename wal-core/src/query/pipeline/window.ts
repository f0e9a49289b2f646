import { notImplemented } from '../error';
import type { StageCompiler } from './stage';

export const setWindowFields: StageCompiler = () => {
  throw notImplemented('$setWindowFields');
};
export const densify: StageCompiler = () => {
  throw notImplemented('$densify');
};
export const fill: StageCompiler = () => {
  throw notImplemented('$fill');
};
