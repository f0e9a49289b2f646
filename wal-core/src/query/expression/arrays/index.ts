import './build';
import './iterate';
import './pick';
import './search';

export { checkN, isArray, largest } from './values';
