import type { TranslationBundle } from '@jupyterlab/translation';
import type { Value } from '../client/protocol';
import { count } from '../format/count';
import { inline, isMissing, sizeOf } from '../format/value';

/** A value of one side as text with its type; "not there" is a word, never an empty cell. */
export function ValueText(props: { readonly value: Value; readonly trans: TranslationBundle }): JSX.Element {
  const { value, trans } = props;
  if (isMissing(value)) {
    return <span className="jp-ArgonValue-none">{trans.__('not there')}</span>;
  }
  const size = sizeOf(value.value);
  if (size !== undefined && size > 0) {
    return (
      <span className="jp-ArgonValue-container">
        {Array.isArray(value.value)
          ? trans._n('array, %2 item', 'array, %2 items', size, count(size))
          : trans._n('object, %2 field', 'object, %2 fields', size, count(size))}
      </span>
    );
  }
  const text = inline(value.value);
  return (
    <>
      <code className="jp-ArgonValue-text" title={inline(value.value, 2000)}>
        {text}
      </code>
      <span className="jp-ArgonValue-type">{value.type ?? ''}</span>
    </>
  );
}
