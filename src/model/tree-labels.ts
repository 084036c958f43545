import {
  type FrameCategory,
  type FrameLabel,
  type FrameNameOptions,
  FrameNamer,
  PROGRAM_FRAME,
} from './frame-names.ts';
import type { ProfileData } from './profile-data.ts';
import { compareBytes } from './text.ts';

/** Rewrites a frame's text before frames are told apart. */
export type Rewrite = (text: string, isRoot: boolean) => string;

/** The labels of one tree; equal texts are one. */
export class LabelTable {
  readonly list: FrameLabel[] = [{ text: '', category: 'special' }];
  readonly #ids = new Map<string, number>();
  readonly rewrite: Rewrite | undefined;

  constructor(rewrite?: Rewrite) {
    this.rewrite = rewrite;
  }

  intern(rawText: string, category: FrameCategory, isRoot: boolean): number {
    const text = this.rewrite ? this.rewrite(rawText, isRoot) : rawText;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.list.push({ text, category }) - 1;
    this.#ids.set(text, id);
    return id;
  }
}

/** The labels of one profile's frames and threads. */
export class FrameLabels {
  readonly #labels: LabelTable;
  readonly #ofFrame: Uint32Array;
  readonly #ofRootFrame: Uint32Array;
  readonly #namer: FrameNamer;

  constructor(profile: ProfileData, labels: LabelTable, options: FrameNameOptions) {
    this.#labels = labels;
    this.#namer = new FrameNamer(profile, options);
    this.#ofFrame = new Uint32Array(profile.frames.length);
    this.#ofRootFrame = labels.rewrite ? new Uint32Array(profile.frames.length) : this.#ofFrame;
  }

  ofFrame(frame: number, isRoot: boolean): number {
    const cache = isRoot ? this.#ofRootFrame : this.#ofFrame;
    const known = cache[frame] as number;
    if (known !== 0) return known;
    const { text, category } = this.#namer.frameLabel(frame);
    const id = this.#labels.intern(text, category, isRoot);
    cache[frame] = id;
    return id;
  }

  ofThread(thread: ProfileData['threads'][number]): number {
    const { text, category } = this.#namer.threadLabel(thread);
    return this.#labels.intern(text, category, true);
  }

  ofNothing(isRoot: boolean): number {
    return this.#labels.intern(PROGRAM_FRAME, 'special', isRoot);
  }
}

/** The place of each label among all, by the bytes of their texts. */
export function rankLabels(labels: readonly FrameLabel[]): Uint32Array {
  const order = labels.map((_, id) => id);
  order.sort((a, b) =>
    compareBytes((labels[a] as FrameLabel).text, (labels[b] as FrameLabel).text),
  );
  const rank = new Uint32Array(labels.length);
  order.forEach((id, at) => {
    rank[id] = at;
  });
  return rank;
}
