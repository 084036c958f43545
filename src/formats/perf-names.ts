// perf's names of V8's code, as `--perf-basic-prof` writes them and stackcollapse-perf.pl passes them on:
//   JS:*name /path/app.js:12:34, LazyCompile:~name file:///app.js:1, Builtin:ArrayPrototypeSort, RegExp:pattern
// with `_[j]`, `_[i]` or `_[k]` behind when annotated.

import type { FunctionInput } from '../model/profile-builder.ts';
import { FunctionKind } from '../model/profile-data.ts';

const JAVASCRIPT = /^(?:JS|LazyCompile|Function|Script|Eval|Callback):[~*^+']*(.*)$/s;
const PLACE =
  /^(.*?) ?((?:file:\/\/|node:|https?:\/\/|\/|[A-Za-z]:\\)\S.*?)(?::(\d{1,9}))?(?::(\d{1,9}))?$/s;
const OTHER = /^(Builtin|RegExp):(.*)$/s;
const ANNOTATION = /_\[[jik]\]$/;

/** The function a frame of perf names, if it is one of V8's; others stand for themselves. */
export function functionOfPerfName(text: string): FunctionInput | undefined {
  // Most frames are none, and most files have many.
  if (!text.includes(':')) return undefined;
  const plain = text.replace(ANNOTATION, '');
  const javascript = JAVASCRIPT.exec(plain)?.[1];
  if (javascript !== undefined) {
    const [, name = '', script = '', line = '0', column = '0'] = PLACE.exec(javascript) ?? [];
    if (script === '') return undefined;
    return {
      name,
      script,
      line: Number(line),
      column: Number(column),
      kind: FunctionKind.javascript,
    };
  }
  const [, type, name = ''] = OTHER.exec(plain) ?? [];
  if (type === undefined) return undefined;
  return { name, kind: type === 'Builtin' ? FunctionKind.builtin : FunctionKind.regexp };
}
