import type { FunctionInput } from '../model/profile-builder.ts';
import { ProfileBuilder } from '../model/profile-builder.ts';
import {
  FrameFlag,
  type FrameId,
  FunctionKind,
  type ProfileData,
  SampleFlag,
  type StackId,
} from '../model/profile-data.ts';
import { invalid, shown } from './invalid.ts';
import { arrayOf, numberOf, parseJson, stringOf } from './json-input.ts';
import { isObject } from './metadata.ts';
import type { DecodeOptions } from './profile-format.ts';
import { Skipped } from './skipped.ts';
import {
  type CodePosition,
  findPosition,
  type InlinedCall,
  LineIndex,
  parseInlined,
  parsePositions,
} from './v8-log-positions.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** The number of V8's state GC among its `StateTag`s. */
const VM_STATE_GC = 1;
const PLACE = /^(.*?) ?(\S*?)(?::(\d{1,9}))(?::(\d{1,9}))?$/s;

/**
 * Reads V8's tick log in its preprocessed form. Inlined functions get their time, by the tables that V8 logs with optimised
 * code. Each tick counts one; ticks in the garbage collector stand on the stack that was interrupted.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE
 */
export function decodeV8Log(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  const isLenient = options.lenient === true;
  const file = parseJson(bytes, isLenient);
  if (!isObject(file)) throw invalid('it is no JSON object');
  return new V8LogReader(file, new Skipped('ticks', isLenient)).read();
}

/** Code as it was logged, with its tables parsed when first met. */
interface Code {
  readonly function: FunctionInput;
  readonly isHandler: boolean;
  readonly lines: LineIndex | undefined;
  readonly positions: readonly CodePosition[];
  readonly calls: readonly InlinedCall[];
  readonly calledFunctions: readonly unknown[];
}

class V8LogReader {
  readonly #builder = new ProfileBuilder();
  readonly #code: readonly unknown[];
  readonly #functions: readonly unknown[];
  readonly #scripts: readonly unknown[];
  readonly #ticks: readonly unknown[];
  readonly #skipped: Skipped;
  readonly #parsed = new Map<number, Code>();
  readonly #lines = new Map<number, LineIndex>();
  readonly #collector: FrameId;

  constructor(file: JsonObject, skipped: Skipped) {
    this.#code = arrayOf(file['code'], '"code"');
    this.#functions = arrayOf(file['functions'], '"functions"');
    this.#scripts = arrayOf(file['scripts'], '"scripts"');
    this.#ticks = arrayOf(file['ticks'], '"ticks"');
    this.#skipped = skipped;
    this.#collector = this.#builder.internFrame(
      this.#builder.internFunction({
        name: '(garbage collector)',
        kind: FunctionKind.garbageCollector,
      }),
    );
  }

  read(): ProfileData {
    const thread = this.#builder.addThread({ tid: 0, kind: 'main', name: '' });
    let firstMicros = Number.NaN;
    let lastMicros = 0;
    this.#ticks.forEach((tick, row) => {
      if (!isObject(tick)) throw invalid(`tick ${row} is ${shown(tick)}, no object`);
      const micros = numberOf(tick['tm'], `"tm" of tick ${row}`);
      const stack = this.#readStack(arrayOf(tick['s'], `"s" of tick ${row}`), row);
      if (stack === undefined) return;
      if (Number.isNaN(firstMicros)) firstMicros = micros;
      lastMicros = micros;
      const isCollecting = tick['vm'] === VM_STATE_GC;
      this.#builder.addSample({
        stack: isCollecting ? this.#builder.internStack(stack, this.#collector) : stack,
        weight: 1,
        thread,
        timeNs: Math.max(0, micros - firstMicros) * 1000,
        flags: isCollecting ? SampleFlag.garbageCollection : 0,
      });
    });
    for (const line of this.#skipped.summary()) this.#builder.addWarning(line);
    const durationNs = (lastMicros - firstMicros) * 1000;
    return this.#builder.build(
      { unit: 'count', mode: 'cpu' },
      { ...(durationNs > 0 ? { durationNs } : {}), lost: {} },
    );
  }

  /** Pairs of code and offset, innermost first; -1 is an address outside of all code that is known. */
  #readStack(pairs: readonly unknown[], row: number): StackId | undefined {
    let stack = 0 as StackId;
    for (let at = pairs.length - (pairs.length % 2) - 2; at >= 0; at -= 2) {
      const [id, offset] = [pairs[at], pairs[at + 1]];
      if (id === -1) continue;
      const code = this.#codeOf(id);
      if (code === undefined || typeof offset !== 'number') {
        this.#skipped.add(`tick ${row} is in code ${shown(id)} at ${shown(offset)}, which is none`);
        return undefined;
      }
      // The interpreter's code runs the function below it, whose time it is.
      if (code.isHandler && stack !== 0) continue;
      // A caller's address is that after the call, which may belong to the next position.
      stack = this.#push(stack, code, at === 0 ? offset : offset - 1);
    }
    return stack;
  }

  #push(above: StackId, code: Code, offset: number): StackId {
    const position = findPosition(code.positions, offset);
    const chain = inlinedChain(code, position);
    let stack = above;
    let current = code;
    let flags = 0;
    for (const call of chain) {
      stack = this.#frame(stack, current, call.script, flags);
      const inlined = this.#inlinedCode(code.calledFunctions[call.function]);
      if (inlined === undefined) return stack;
      current = inlined;
      flags = FrameFlag.inlined;
    }
    return this.#frame(stack, current, position?.script ?? -1, flags);
  }

  #frame(above: StackId, code: Code, scriptOffset: number, flags: number): StackId {
    const line = scriptOffset < 0 ? 0 : (code.lines?.lineAt(scriptOffset) ?? 0);
    const fn = this.#builder.internFunction(code.function);
    return this.#builder.internStack(above, this.#builder.internFrame(fn, line, 0, flags));
  }

  /** A function is described by each code it ever had; any will do. */
  #inlinedCode(fn: unknown): Code | undefined {
    const known = typeof fn === 'number' ? this.#functions[fn] : undefined;
    const [first] = isObject(known) && Array.isArray(known['codes']) ? known['codes'] : [];
    return this.#codeOf(first);
  }

  #codeOf(id: unknown): Code | undefined {
    if (typeof id !== 'number') return undefined;
    const known = this.#parsed.get(id);
    if (known) return known;
    const raw = this.#code[id];
    if (!isObject(raw)) return undefined;
    const source = isObject(raw['source']) ? raw['source'] : {};
    const script = typeof source['script'] === 'number' ? source['script'] : -1;
    const code: Code = {
      function: this.#functionOf(raw, script),
      isHandler: raw['kind'] === 'BytecodeHandler',
      lines: this.#linesOf(script),
      positions: parsePositions(stringOf(source['positions'])),
      calls: parseInlined(stringOf(source['inlined'])),
      calledFunctions: Array.isArray(source['fns']) ? source['fns'] : [],
    };
    this.#parsed.set(id, code);
    return code;
  }

  #functionOf(raw: JsonObject, script: number): FunctionInput {
    const name = stringOf(raw['name']);
    switch (raw['type']) {
      case 'JS': {
        const [, words = name, place = '', line = '0', column = '0'] = PLACE.exec(name) ?? [];
        const known = this.#scriptName(script);
        // The script's own name may hold spaces, which the text alone would not tell from the function's.
        const file = known !== '' && name.includes(` ${known}:`) ? known : place;
        const end = name.lastIndexOf(` ${file}:`);
        return {
          name: end >= 0 ? name.slice(0, end) : words,
          script: file,
          line: Number(line),
          column: Number(column),
          kind: FunctionKind.javascript,
        };
      }
      case 'CODE':
        if (raw['kind'] === 'RegExp') return { name, kind: FunctionKind.regexp };
        if (raw['kind'] === 'Wasm') return { name, kind: FunctionKind.wasm };
        return { name, kind: FunctionKind.builtin };
      case 'SHARED_LIB':
        return { name: '', script: name, kind: FunctionKind.native };
      default:
        return { name, kind: FunctionKind.native };
    }
  }

  #scriptName(script: number): string {
    const known = this.#scripts[script];
    return isObject(known) ? stringOf(known['name']) : '';
  }

  #linesOf(script: number): LineIndex | undefined {
    const known = this.#lines.get(script);
    if (known) return known;
    const raw = this.#scripts[script];
    if (!isObject(raw) || typeof raw['source'] !== 'string') return undefined;
    const lines = new LineIndex(raw['source']);
    this.#lines.set(script, lines);
    return lines;
  }
}

/** The inlined calls around a position, outermost first. */
function inlinedChain({ calls }: Code, position: CodePosition | undefined): InlinedCall[] {
  const chain: InlinedCall[] = [];
  let call = calls[position?.call ?? -1];
  while (call) {
    chain.unshift(call);
    call = calls[call.parent];
  }
  return chain;
}
