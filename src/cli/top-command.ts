import { type RemoteOptions, RemoteRecording } from '../session/remote.ts';
import { type SpawnedTarget, spawnAndAttach } from '../session/spawn-target.ts';
import type { SourceMapper } from '../source-maps/source-mapper.ts';
import { ExitCode } from './exit-codes.ts';
import { commandLineOf } from './program-name.ts';
import { report, UsageError } from './reporter.ts';
import { TOP_COLUMNS, TopModel } from './top/top-model.ts';
import { drawTop, type TopView } from './top/top-screen.ts';
import { reversed, TopTerminal } from './top/top-terminal.ts';

/** What `sigprof top` was asked for. */
export interface TopSettings extends Omit<RemoteOptions, 'pid'> {
  /** A process, or else a program to be run. */
  readonly pid: number | undefined;
  readonly program: readonly string[];
  /** Between two refreshes. */
  readonly delayMs: number;
  readonly fullFilenames: boolean;
  /** Reads scripts with their source maps; they show as they run when there is none. */
  readonly maps: SourceMapper | undefined;
}

/** Rows of the last table that stay on the terminal. */
const FINAL_ROWS = 20;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Shows where a process spends its time, until it ends or the user quits. */
export async function topCommand(settings: TopSettings): Promise<number> {
  if (!process.stdout.isTTY) {
    throw new UsageError("top needs a terminal; for a file use 'sigprof record -p'");
  }
  const target = await openTarget(settings);
  try {
    const title = settings.program.join(' ') || commandLineOf(target.pid);
    const model = new TopModel(title, target.pid, settings.fullFilenames);
    const hasEnded = await new TopLoop(target.recording, model, settings.delayMs).run();
    const size = { columns: process.stdout.columns || 80, rows: FINAL_ROWS };
    const view: TopView = { sort: 'ownSeconds', byLine: false, isHelpShown: false };
    const lines = drawTop(model.header, model.rows(view.sort, view.byLine), view, size);
    process.stdout.write(`${lines.map((line) => line.trimEnd()).join('\n')}\n`);
    for (const note of settings.maps?.notes ?? []) report(`warning: ${note}`);
    if (hasEnded) report(`process ${target.pid} has ended`);
    return ExitCode.ok;
  } finally {
    target.recording.stop();
    target.end();
  }
}

async function openTarget({ pid, program, maps, ...options }: TopSettings): Promise<SpawnedTarget> {
  if (pid !== undefined) {
    return { pid, recording: new RemoteRecording({ ...options, pid }, maps), end: () => {} };
  }
  const [command = '', ...args] = program;
  return spawnAndAttach(command, args, options, maps);
}

class TopLoop {
  readonly #recording: RemoteRecording;
  readonly #model: TopModel;
  readonly #delayMs: number;
  readonly #terminal = new TopTerminal(process.stdout, process.stdin);
  #view: TopView = { sort: 'ownSeconds', byLine: false, isHelpShown: false };
  #finish: (hasEnded: boolean) => void = () => {};

  constructor(recording: RemoteRecording, model: TopModel, delayMs: number) {
    this.#recording = recording;
    this.#model = model;
    this.#delayMs = delayMs;
  }

  /** Resolves at the end with whether the process has ended. */
  async run(): Promise<boolean> {
    const onSignal = () => this.#finish(false);
    for (const signal of SIGNALS) process.on(signal, onSignal);
    this.#terminal.open(
      (key) => this.#press(key),
      () => this.#draw(),
    );
    const timer = setInterval(() => this.#refresh(), this.#delayMs);
    try {
      this.#draw();
      return await new Promise<boolean>((resolve) => {
        this.#finish = resolve;
      });
    } finally {
      clearInterval(timer);
      this.#terminal.close();
      for (const signal of SIGNALS) process.off(signal, onSignal);
    }
  }

  #refresh(): void {
    // Asked first: what is taken afterwards is then the last of it.
    const { running } = this.#recording.progress();
    this.#model.add(this.#recording.take());
    if (running) this.#draw();
    else this.#finish(true);
  }

  #press(key: string): void {
    const column = TOP_COLUMNS[Number(key) - 1];
    if (column !== undefined) this.#view = { ...this.#view, sort: column };
    else if (key === 'q' || key === 'Q') this.#finish(false);
    else if (key === 'l' || key === 'L') this.#view = { ...this.#view, byLine: !this.#view.byLine };
    else if (key === 'r' || key === 'R') this.#model.reset();
    else if (key === '?' || this.#view.isHelpShown) {
      this.#view = { ...this.#view, isHelpShown: !this.#view.isHelpShown };
    }
    this.#draw();
  }

  #draw(): void {
    const { sort, byLine } = this.#view;
    const rows = this.#model.rows(sort, byLine);
    this.#terminal.draw(
      drawTop(this.#model.header, rows, this.#view, this.#terminal.size, reversed),
    );
  }
}
