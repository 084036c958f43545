import type { FrameNameOptions } from '../model/frame-names.ts';
import type { ProfileData } from '../model/profile-data.ts';

/** How a flame graph is drawn. */
export interface FlameGraphOptions extends FrameNameOptions {
  /** @default the profile's command line, else "Flame graph" */
  readonly title?: string | undefined;
  /** A line below the title. */
  readonly subtitle?: string | undefined;
  /** A line in the footer. */
  readonly notes?: string | undefined;
  /** Root every stack with its thread. @default false */
  readonly threads?: boolean | undefined;
  /** What widths stand for. @default 'weight' */
  readonly metric?: 'weight' | 'samples' | undefined;
  /** Callers at the top ('icicle') or at the bottom ('flame'). @default 'icicle' */
  readonly layout?: 'icicle' | 'flame' | undefined;
  /** Merge stacks from the leaf: what is expensive, and who calls it. @default false */
  readonly reverse?: boolean | undefined;
  /** Keep the order of the samples instead of merging equal stacks. @default false */
  readonly flameChart?: boolean | undefined;
  /** SVG: frames narrower than this, at a width of 1200 pixels, are drawn together in grey. @default 0.1 */
  readonly minWidthPx?: number | undefined;
  /** SVG: the same as a share of the whole, instead of `minWidthPx`. */
  readonly minShare?: number | undefined;
  /**
   * `category`, `package`, or a range of hues: hot, mem, io, red, green, blue, aqua, yellow, purple, orange. flamegraph.pl's java, js,
   * perl, python and rust are `category`, its chain and wakeup are `aqua`. @default 'category'
   */
  readonly colors?: string | undefined;
  /** What counts are called, where widths are no times. @default 'samples' */
  readonly countName?: string | undefined;
  /** What stands before names where a box is described. @default '' */
  readonly nameType?: string | undefined;
  /** A whole larger than the sum, to draw two profiles to one scale; in the profile's unit. */
  readonly total?: number | undefined;
  /** SVG: a fixed width instead of the window's. */
  readonly widthPx?: number | undefined;
  /** Height of a box. @default 16 */
  readonly rowPx?: number | undefined;
  /** @default 12 */
  readonly fontSizePx?: number | undefined;
  /** Font families, separated by commas. @default the system's monospaced fonts */
  readonly fontFamily?: string | undefined;
  /** SVG: width of a character as a share of the font's size, by which names are cut. @default 0.6025, or 0.65 with `fontFamily` */
  readonly fontWidthEm?: number | undefined;
  /** `#rrggbb`, or yellow, blue, green or grey; it then stays the same in dark mode. @default white, or black in dark mode */
  readonly background?: string | undefined;
  /** The profile to compare with; colours then tell how each share of all changed, and widths are those of the larger side. */
  readonly base?: ProfileData | undefined;
  /** With `base`: scale it to the same total. @default true */
  readonly normalize?: boolean | undefined;
  /** With `base`: exchange the colours of less and more. @default false */
  readonly negate?: boolean | undefined;
  /** With `base`: whether the change of the frame with this text is more than noise; others are drawn grey. @default all are */
  readonly isSure?: ((text: string) => boolean) | undefined;
}
