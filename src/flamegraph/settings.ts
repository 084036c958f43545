import type { Background } from './looks.ts';
import type { Measure } from './words.ts';

/** What the script of a picture has to know about it. Only what drawing needs: it is part of every file. */
export interface PictureSettings extends Measure {
  readonly orientation: 'icicle' | 'flame';
  /** Whether the tree begins at the leaves. */
  readonly isReversed: boolean;
  /** Whether siblings stand in the order of time; then there is nothing to merge from the leaves. */
  readonly isTimeOrdered: boolean;
  readonly isComparison: boolean;
  /** What shares are of, in widths; shares compared are of {@link PictureSettings.compared}. */
  readonly whole: number;
  readonly compared: number;
  readonly palette: string;
  readonly isSwapped: boolean;
  /** Of a comparison: what may be chance is grey. */
  readonly isJudged?: boolean | undefined;
  readonly nameType: string;
  readonly rowPx: number;
  readonly fontPx: number;
  /** Absent: the usual monospaced fonts. */
  readonly fontFamily?: string | undefined;
  /** Absent: that of the theme. */
  readonly background?: Background | undefined;
  /** 0: as wide as the window. */
  readonly widthPx: number;
}
