// V8 names its builtins by C++ symbols; people know them by the names of the language. The rules below are checked against
// the symbols of Node 20's binary; what they don't cover stays as V8 calls it.

const STATICS: Readonly<Record<string, string>> = {
  Array: 'from fromAsync isArray of',
  ArrayBuffer: 'isView',
  Atomics:
    'add and compareExchange exchange isLockFree load notify or store sub wait waitAsync xor',
  BigInt: 'asIntN asUintN',
  Date: 'now parse UTC',
  Error: 'captureStackTrace',
  JSON: 'isRawJSON parse rawJSON stringify',
  Map: 'groupBy',
  Math:
    'abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1 floor fround hypot imul log log10 ' +
    'log1p log2 max min pow random round sign sin sinh sqrt tan tanh trunc',
  Number: 'isFinite isInteger isNaN isSafeInteger parseFloat parseInt',
  Object:
    'assign create defineProperties defineProperty entries freeze fromEntries getOwnPropertyDescriptor ' +
    'getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols getPrototypeOf groupBy hasOwn is isExtensible ' +
    'isFrozen isSealed keys preventExtensions seal setPrototypeOf values',
  Promise: 'all allSettled any race reject resolve try withResolvers',
  Proxy: 'revocable',
  Reflect:
    'apply construct defineProperty deleteProperty get getOwnPropertyDescriptor getPrototypeOf has isExtensible ownKeys ' +
    'preventExtensions set setPrototypeOf',
  String: 'fromCharCode fromCodePoint raw',
  Symbol: 'for keyFor',
  TypedArray: 'from of',
};

/** Methods of prototypes whose symbols lack the word Prototype. */
const BARE_METHODS: Readonly<Record<string, string>> = {
  Array:
    'concat every filter forEach includes indexOf map pop push reduce reduceRight shift some unshift',
  Object: 'toString',
  String: 'charAt indexOf repeat substring',
};

/** Names the rules below would get wrong. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  ArrayTimSort: 'Array.prototype.sort',
  ArrayTimSortIntoCopy: 'Array.prototype.toSorted',
  DatePrototypeToJson: 'Date.prototype.toJSON',
  FunctionPrototypeHasInstance: 'Function.prototype[Symbol.hasInstance]',
  RegExpPrototypeMatch: 'RegExp.prototype[Symbol.match]',
  RegExpPrototypeMatchAll: 'RegExp.prototype[Symbol.matchAll]',
  RegExpPrototypeReplace: 'RegExp.prototype[Symbol.replace]',
  RegExpPrototypeSearch: 'RegExp.prototype[Symbol.search]',
  RegExpPrototypeSplit: 'RegExp.prototype[Symbol.split]',
  RegExpReplace: 'RegExp.prototype[Symbol.replace]',
  RegExpSplit: 'RegExp.prototype[Symbol.split]',
  StringPrototypeIterator: 'String.prototype[Symbol.iterator]',
  TypedArrayMergeSort: 'TypedArray.prototype.sort',
  TypedArrayPrototypeSubArray: 'TypedArray.prototype.subarray',
};

const GLOBALS = [
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'eval',
  'isFinite',
  'isNaN',
  'unescape',
];

const known = indexKnownNames();

/** `ArrayPrototypeSort` -> `Array.prototype.sort`; a name no rule knows is returned as it is. */
export function readableBuiltinName(symbol: string): string {
  const exact = known.get(symbol);
  if (exact !== undefined) return exact;
  // Places where V8 re-enters a builtin after a callback or a deoptimisation are still that builtin.
  const base = symbol.replace(
    /(?:Pre)?(?:Loop\w*?)?(?:AfterCallback)?(?:Eager|Lazy)?(?:Deopt)?Continuation$/,
    '',
  );
  if (base !== symbol && base !== '') {
    const continued = known.get(base) ?? known.get(base.replace('Array', 'ArrayPrototype'));
    if (continued !== undefined) return continued;
    if (/^Array(?:Find|FindIndex|FindLast|FindLastIndex)$/.test(base)) {
      return `Array.prototype.${lowerFirst(base.slice(5))}`;
    }
  }
  return prototypeMethod(symbol) ?? constructorName(symbol) ?? symbol;
}

function prototypeMethod(symbol: string): string | undefined {
  const match = /^([A-Z]\w*?)Prototype([A-Z]\w*)$/.exec(symbol);
  if (!match) return undefined;
  const owner = match[1] === 'Json' ? 'JSON' : (match[1] as string);
  const method = (match[2] as string).replace(/(?:Intl|Fast|Slow)$/, '');
  if (/^(?:Load|Store|Fast)/.test(owner)) return undefined;
  const getter =
    /^(?:Get(Size|Buffer|ByteLength|ByteOffset|MaxByteLength|Detached|Resizable|Growable)|(\w+)Getter)$/.exec(
      method,
    );
  if (getter) return `get ${owner}.prototype.${lowerFirst((getter[1] ?? getter[2]) as string)}`;
  if (method === 'ToPrimitive') return `${owner}.prototype[Symbol.toPrimitive]`;
  return `${owner}.prototype.${lowerFirst(method)}`;
}

function constructorName(symbol: string): string | undefined {
  return /^([A-Z][A-Za-z]+)Constructor$/.exec(symbol)?.[1];
}

function lowerFirst(text: string): string {
  // `UTCDate` never starts a method, but `toISOString` keeps its inner capitals: only the first letter changes.
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function indexKnownNames(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [owner, methods] of Object.entries(STATICS)) {
    const prefix = owner === 'JSON' ? 'Json' : owner;
    for (const method of methods.split(' ')) {
      const spelled = method.replace('JSON', 'Json');
      names.set(prefix + spelled.charAt(0).toUpperCase() + spelled.slice(1), `${owner}.${method}`);
    }
  }
  for (const [owner, methods] of Object.entries(BARE_METHODS)) {
    for (const method of methods.split(' ')) {
      const symbol = owner + method.charAt(0).toUpperCase() + method.slice(1);
      names.set(symbol, `${owner}.prototype.${method}`);
    }
  }
  for (const name of GLOBALS) {
    names.set(`Global${name.charAt(0).toUpperCase()}${name.slice(1)}`, name);
  }
  for (const [symbol, name] of Object.entries(EXCEPTIONS)) names.set(symbol, name);
  return names;
}
