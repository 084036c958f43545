import { ProfileBuilder } from '../model/profile-builder.ts';
import {
  FrameFlag,
  type FrameId,
  type FunctionId,
  type ProfileData,
  type ProfileMeta,
  type StackId,
  type Thread,
  type ThreadIndex,
} from '../model/profile-data.ts';
import {
  findInlinedCallees,
  type InlinedCallees,
  type InliningFunction,
} from './cpuprofile-inlining.ts';
import {
  type CpuProfileNode,
  type CpuProfileTree,
  functionKey,
  isRoot,
  readNodes,
} from './cpuprofile-nodes.ts';
import { functionOfWords } from './frame-words.ts';
import { invalid, shown } from './invalid.ts';
import { arrayOf, numberOf, parseJson, positionOf } from './json-input.ts';
import { LineShares } from './line-shares.ts';
import { isObject, parseMetadata, type StoredMetadata } from './metadata.ts';
import type { DecodeOptions } from './profile-format.ts';
import { Skipped } from './skipped.ts';

const NS_PER_MICROSECOND = 1000;

/**
 * Reads .cpuprofile files of V8, Chrome and sigprof. A sample weighs the time until the next one, the last one the time
 * until the end. In V8's own files the lines of the ticks are used to undo what inlining did to them.
 * @throws SigprofError ERR_SIGPROF_INVALID_PROFILE
 */
export function decodeCpuProfile(bytes: Uint8Array, options: DecodeOptions = {}): ProfileData {
  const isLenient = options.lenient === true;
  const file = parseJson(bytes, isLenient);
  if (!isObject(file)) throw invalid('it is no JSON object');
  const skipped = new Skipped('references and samples', isLenient);
  const tree = readNodes(file['nodes'], skipped);
  const stored = parseMetadata(file['sigprof']);
  const reader = new CpuProfileReader(tree, stored === undefined, skipped);
  if (file['samples'] === undefined) reader.readHits();
  else reader.readSamples(file, stored);
  return reader.finish(file, stored);
}

type JsonObject = Readonly<Record<string, unknown>>;

class CpuProfileReader {
  readonly #builder = new ProfileBuilder();
  readonly #tree: CpuProfileTree;
  readonly #skipped: Skipped;
  readonly #functions: FunctionId[] = [];
  /** Of each node's frame without a line. */
  readonly #stacks: StackId[] = [];
  readonly #stacksOfLines = new Map<string, StackId>();
  readonly #shares: LineShares;
  readonly #inlinedCallees: InlinedCallees;
  /** Functions by the numbers the search for inlining knows them by. */
  readonly #numbered: FunctionId[] = [];
  #hasSamples = true;

  constructor(tree: CpuProfileTree, isForeign: boolean, skipped: Skipped) {
    this.#tree = tree;
    this.#skipped = skipped;
    this.#shares = new LineShares(tree.nodes);
    const numbers = new Map<string, number>();
    const known: InliningFunction[] = [];
    const inliningNodes = tree.nodes.map((node) => {
      const fn = this.#addNode(node);
      const key = functionKey(node);
      const number = numbers.get(key) ?? known.length;
      if (number === known.length) {
        numbers.set(key, number);
        known.push({ script: node.words.file, line: node.words.file === '' ? 0 : node.words.line });
        this.#numbered.push(fn);
      }
      return { parent: node.parent, function: number, lines: node.lines };
    });
    this.#inlinedCallees = isForeign ? findInlinedCallees(inliningNodes, known) : () => [];
  }

  readSamples(file: JsonObject, stored: StoredMetadata | undefined): void {
    const samples = arrayOf(file['samples'], '"samples"');
    const deltas = arrayOf(file['timeDeltas'], '"timeDeltas"');
    if (samples.length !== deltas.length) {
      throw invalid(`there are ${samples.length} samples and ${deltas.length} time deltas`);
    }
    const duration =
      numberOf(file['endTime'], '"endTime"') - numberOf(file['startTime'], '"startTime"');
    // Bare counts are written as one microsecond each.
    const perMicrosecond = stored?.meta.unit === 'count' ? 1 : NS_PER_MICROSECOND;
    const times = sampleTimes(deltas, duration, perMicrosecond);
    if (duration * perMicrosecond < (times[samples.length] as number)) {
      this.#builder.addWarning('it ends before its last sample, which therefore has no time');
    }
    this.#warnOfHits(samples.length);
    const extra = isObject(file['sigprof']) ? file['sigprof'] : {};
    const threads = new ThreadCursor(
      this.#builder,
      stored,
      extra['samplesOfThreads'],
      samples.length,
    );
    const ticks = Array.isArray(extra['ticks']) ? extra['ticks'] : [];
    samples.forEach((id, row) => {
      const thread = threads.next();
      const from = times[row] as number;
      const weight = (times[row + 1] as number) - from;
      const index = this.#tree.indexOfId.get(id as number);
      if (index === undefined) {
        this.#skipped.add(`sample ${row} is of node ${shown(id)}, which is none`);
        return;
      }
      const stack = this.#stackOfSample(index);
      const given = positionOf(ticks[row]) || 1;
      this.#builder.addSample({ stack, weight, thread, timeNs: from, ticks: given });
    });
  }

  /** Where a tool stopped to keep samples, only the counts of nodes went on. */
  #warnOfHits(samples: number): void {
    const hits = this.#tree.nodes.reduce((sum, node) => sum + node.hits, 0);
    if (hits <= samples) return;
    this.#builder.addWarning(
      `${hits - samples} hits of nodes have no sample; their time is unknown`,
    );
  }

  /** Some tools keep no samples, only how many each node had. */
  readHits(): void {
    this.#hasSamples = false;
    const thread = this.#builder.addThread({ tid: 0, kind: 'main', name: '' });
    this.#tree.nodes.forEach(({ hits }, index) => {
      if (hits === 0) return;
      const weight = Math.round(hits);
      const ticks = weight < 2 ** 32 ? weight : 1;
      this.#builder.addSample({ stack: this.#stacks[index] as StackId, weight, ticks, thread });
    });
  }

  finish(file: JsonObject, stored: StoredMetadata | undefined): ProfileData {
    for (const line of this.#skipped.summary()) this.#builder.addWarning(line);
    if (stored) return this.#builder.build(stored.meta, stored.counters);
    // V8's profiler samples as time passes, whatever the thread does.
    const meta: ProfileMeta = { unit: this.#hasSamples ? 'nanoseconds' : 'count', mode: 'wall' };
    const { startTime, endTime } = file;
    const durationNs = (Number(endTime) - Number(startTime)) * NS_PER_MICROSECOND;
    return this.#builder.build(meta, {
      ...(durationNs >= 0 && Number.isSafeInteger(durationNs) ? { durationNs } : {}),
      lost: {},
    });
  }

  #addNode(node: CpuProfileNode): FunctionId {
    const fn = this.#builder.internFunction(functionOfWords(node.words));
    this.#functions.push(fn);
    const above = node.parent < 0 ? (0 as StackId) : (this.#stacks[node.parent] as StackId);
    const frame = this.#builder.internFrame(fn);
    this.#stacks.push(isRoot(node) ? above : this.#builder.internStack(above, frame));
    return fn;
  }

  #stackOfSample(index: number): StackId {
    const line = this.#shares.next(index);
    if (line === 0) return this.#stacks[index] as StackId;
    const key = `${index}:${line}`;
    const known = this.#stacksOfLines.get(key);
    if (known !== undefined) return known;
    const stack = this.#stackOfLine(index, line);
    this.#stacksOfLines.set(key, stack);
    return stack;
  }

  #stackOfLine(index: number, line: number): StackId {
    const node = this.#tree.nodes[index] as CpuProfileNode;
    const inlined = this.#inlinedCallees(index, line);
    if (inlined.length === 0) {
      const above = node.parent < 0 ? (0 as StackId) : (this.#stacks[node.parent] as StackId);
      return this.#push(above, this.#functions[index] as FunctionId, line, 0);
    }
    let stack = this.#stacks[index] as StackId;
    inlined.forEach((number, depth) => {
      const fn = this.#numbered[number] as FunctionId;
      stack = this.#push(stack, fn, depth === inlined.length - 1 ? line : 0, FrameFlag.inlined);
    });
    return stack;
  }

  #push(above: StackId, fn: FunctionId, line: number, flags: number): StackId {
    const frame: FrameId = this.#builder.internFrame(fn, line, 0, flags);
    return this.#builder.internStack(above, frame);
  }
}

/** Times from the start, one more than samples. V8's clock may step back; time then stands still. */
function sampleTimes(
  deltas: readonly unknown[],
  duration: number,
  perMicrosecond: number,
): Float64Array {
  const times = new Float64Array(deltas.length + 1);
  let sum = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const put = (row: number, microseconds: number) => {
    const time = Math.round(microseconds * perMicrosecond);
    if (!Number.isSafeInteger(time)) throw invalid(`sample ${row} is later than 104 days`);
    latest = Math.max(latest, time);
    times[row] = latest;
  };
  deltas.forEach((delta, row) => {
    sum += numberOf(delta, `time delta ${row}`);
    put(row, sum);
  });
  put(deltas.length, duration);
  return times;
}

/** Files of sigprof hold one thread after another. */
class ThreadCursor {
  readonly #threads: readonly ThreadIndex[];
  readonly #counts: readonly number[];
  #current = 0;
  #taken = 0;

  constructor(
    builder: ProfileBuilder,
    stored: StoredMetadata | undefined,
    counts: unknown,
    total: number,
  ) {
    const main: Thread = { tid: 0, kind: 'main', name: '' };
    const isSplit =
      stored !== undefined &&
      Array.isArray(counts) &&
      counts.length === stored.threads.length &&
      counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
      counts.reduce((sum, count) => sum + count, 0) === total;
    this.#counts = isSplit ? counts : [total];
    this.#threads = (isSplit ? stored.threads : [main]).map((thread) => builder.addThread(thread));
  }

  next(): ThreadIndex {
    while (this.#taken === this.#counts[this.#current]) {
      this.#current++;
      this.#taken = 0;
    }
    this.#taken++;
    return this.#threads[this.#current] as ThreadIndex;
  }
}
