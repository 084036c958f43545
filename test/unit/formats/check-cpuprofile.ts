// What DevTools and VS Code take for granted of a .cpuprofile, as V8 writes it.

interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A node of the file. */
export interface RawNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly hitCount: number;
  readonly children?: readonly number[];
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** The file. */
export interface RawCpuProfile {
  readonly nodes: readonly RawNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Everything that is wrong with a file; nothing when DevTools can show it. */
export function cpuProfileProblems(file: RawCpuProfile): string[] {
  const problems: string[] = [];
  const check = (isGood: boolean, problem: string) => {
    if (!isGood) problems.push(problem);
  };
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  check(byId.size === file.nodes.length, 'ids are not unique');
  check(file.nodes[0]?.id === 1, 'the first node is not node 1');
  check(file.nodes[0]?.callFrame.functionName === '(root)', 'the first node is not the root');
  const parents = new Map<number, number>();
  for (const node of file.nodes) {
    checkNode(node, check);
    for (const child of node.children ?? []) {
      check(byId.has(child), `node ${node.id} has the unknown child ${child}`);
      check(!parents.has(child), `node ${child} has two parents`);
      parents.set(child, node.id);
    }
  }
  check(parents.size === file.nodes.length - 1, 'nodes are not one tree');
  check(!parents.has(1), 'the root is a child');
  const hits = new Map<number, number>();
  for (const id of file.samples) hits.set(id, (hits.get(id) ?? 0) + 1);
  for (const id of hits.keys()) check(byId.has(id), `a sample is of the unknown node ${id}`);
  for (const { id, hitCount } of file.nodes) {
    check(hitCount === (hits.get(id) ?? 0), `node ${id} has another hitCount than samples`);
  }
  check(file.timeDeltas.length === file.samples.length, 'deltas and samples differ in number');
  check(
    file.timeDeltas.every((delta) => Number.isInteger(delta) && delta >= 0),
    'a bad delta',
  );
  const sum = file.timeDeltas.reduce((total, delta) => total + delta, 0);
  check(file.startTime + sum <= file.endTime, 'the deltas reach beyond the end');
  return problems;
}

function checkNode(node: RawNode, check: (isGood: boolean, problem: string) => void): void {
  const { id, callFrame, positionTicks = [] } = node;
  check(Number.isInteger(id) && id > 0, `id ${id}`);
  check(/^\d+$/.test(callFrame.scriptId), `scriptId ${callFrame.scriptId} of node ${id}`);
  check(typeof callFrame.url === 'string', `url of node ${id}`);
  check((callFrame.url === '') === (callFrame.scriptId === '0'), `script of node ${id}`);
  for (const position of [callFrame.lineNumber, callFrame.columnNumber]) {
    check(Number.isInteger(position) && position >= -1, `position of node ${id}`);
  }
  for (const { line, ticks } of positionTicks) {
    check(Number.isInteger(line) && line > 0, `a tick of node ${id} is on line ${line}`);
    check(Number.isInteger(ticks) && ticks > 0, `${ticks} ticks on a line of node ${id}`);
  }
  const ticks = positionTicks.reduce((sum, position) => sum + position.ticks, 0);
  check(ticks <= node.hitCount, `node ${id} has more ticks than hits`);
}

/** Own time in microseconds, as DevTools and VS Code count it, by node: until the next sample, at last until the end. */
export function selfMicros(file: RawCpuProfile): Map<number, number> {
  const self = new Map<number, number>();
  let time = file.startTime;
  file.samples.forEach((id, row) => {
    time += file.timeDeltas[row] as number;
    const next =
      row + 1 < file.samples.length ? time + (file.timeDeltas[row + 1] as number) : file.endTime;
    self.set(id, (self.get(id) ?? 0) + Math.max(0, next - time));
  });
  return self;
}
