// What the program chains.cjs says of its functions, against what a profile shows of them.
import type { Sample, SampledFrame } from './recorded-program.ts';

interface FunctionFacts {
  readonly first: number;
  readonly last: number;
  readonly isCallback: boolean;
  readonly callee?: string;
  readonly callLine?: number;
}
export type Functions = Readonly<Record<string, FunctionFacts>>;

const chainOf = (name: string) => name.split('_')[1];
const levelOf = (name: string) => Number(name.split('_')[2]);

export interface Faults {
  /** Pairs that can't be, functions outside of their lines. */
  readonly wrong: string[];
  /** Callers whose callee is missing between them and the next. */
  readonly gaps: string[];
  readonly lines: string[];
}

function judgeChain(chain: readonly SampledFrame[], functions: Functions, faults: Faults): void {
  const text = chain.map(({ name, line }) => `${name}:${line}`).join(' ');
  if (chain[0] !== undefined && !chain[0].name.endsWith('_0')) faults.wrong.push(text);
  chain.forEach((frame, i) => {
    const facts = functions[frame.name];
    if (facts === undefined || frame.line < facts.first || frame.line > facts.last) {
      faults.wrong.push(`${frame.name} at line ${frame.line} in ${text}`);
      return;
    }
    const next = chain[i + 1];
    if (next === undefined) return;
    const isBelow =
      chainOf(next.name) === chainOf(frame.name) && levelOf(next.name) > levelOf(frame.name);
    if (next.name === facts.callee) {
      if (frame.line !== facts.callLine) faults.lines.push(text);
    } else if (isBelow) faults.gaps.push(text);
    else faults.wrong.push(text);
  });
}

export function judge(
  samples: readonly Sample[],
  functions: Functions,
): Faults & { chains: number } {
  const faults: Faults = { wrong: [], gaps: [], lines: [] };
  let chains = 0;
  for (const { frames } of samples) {
    const chain = frames.filter(
      ({ script, name }) => script === 'chains-source.js' && name.startsWith('f_'),
    );
    if (chain.length > 0) chains++;
    judgeChain(chain, functions, faults);
  }
  return { ...faults, chains };
}
