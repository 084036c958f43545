import { buildCallTree, type CallTree } from '../model/call-tree.ts';
import { SigprofError } from '../model/errors.ts';
import type { FrameCategory } from '../model/frame-names.ts';
import { type ProfileData, sumSamples } from '../model/profile-data.ts';
import { buildTimeTree } from '../model/time-tree.ts';
import {
  type Comparison,
  compareSides,
  type FlameMetric,
  type TreeValues,
  valuesOf,
} from './comparison.ts';
import { parseBackground, parseFontFamily } from './looks.ts';
import type { FlameGraphOptions } from './options.ts';
import { boxClass, paletteNamed, paletteNames } from './palette.ts';
import type { PictureSettings } from './settings.ts';
import { plainText } from './text.ts';
import {
  describeAmount,
  describeLosses,
  describeProgram,
  formatPercent,
  type Measure,
  metricWords,
} from './words.ts';

/** What SVG and HTML have in common: one tree, one measure, one set of words. */
export interface FlamePicture {
  readonly profile: ProfileData;
  readonly options: FlameGraphOptions;
  readonly tree: CallTree;
  /** What boxes are as wide as. */
  readonly widths: TreeValues;
  readonly comparison: Comparison | undefined;
  /** What shares are of. */
  readonly whole: number;
  /** Frames narrower than this are drawn together. */
  readonly minWidth: number;
  readonly measure: Measure;
  readonly title: string;
  readonly subtitle: string;
  /** Below the title: how much was recorded, and how. */
  readonly amount: string;
  /** At the end: program, losses, warnings. */
  readonly notes: readonly string[];
  /** Texts of {@link CallTree.labels}, fit to be shown. */
  readonly texts: readonly string[];
  /** The palette's class for each label. */
  readonly classes: readonly string[];
  /** Self width by category. */
  readonly shares: ReadonlyMap<FrameCategory, number>;
}

/**
 * Prepares a picture.
 * @param minWidthOf the width below which frames can't be seen, by that of the whole
 * @throws SigprofError ERR_SIGPROF_INVALID_OPTION
 */
export function preparePicture(
  profile: ProfileData,
  options: FlameGraphOptions,
  minWidthOf?: (whole: number) => number,
): FlamePicture {
  const palette = checkPalette(options.colors);
  const sums = sumSamples(profile.samples);
  // Without any time there is still something to show.
  const hasWeight =
    sums.weight > 0 || (options.base ? sumSamples(options.base.samples).weight > 0 : false);
  const metric = options.metric === 'samples' || !hasWeight ? 'samples' : 'weight';
  const minTotal = minWidthOf?.(Math.max(sums[metric], options.total ?? 0));
  const prune =
    minTotal === undefined || options.base ? undefined : ({ metric, minTotal } as const);
  const tree =
    options.flameChart === true
      ? buildTimeTree(profile, options)
      : buildCallTree(profile, { ...options, prune });
  const comparison = compareSides(tree, metric, options.normalize !== false);
  const widths = comparison?.width ?? valuesOf(tree, metric);
  const whole = Math.max(widths.total[0] as number, options.total ?? 0);
  return {
    profile,
    options,
    tree,
    widths,
    comparison,
    whole,
    minWidth: minWidthOf?.(whole) ?? 0,
    measure: measureOf(profile, metric, options),
    title: plainText(options.title || profile.meta.title || 'Flame graph'),
    subtitle: plainText(options.subtitle ?? ''),
    amount: plainText(describeSides(profile, options.base)),
    notes: describeNotes(profile, comparison, options).map(plainText),
    texts: tree.labels.map(({ text }) => plainText(text)),
    classes: tree.labels.map(({ category, text }) => boxClass(palette, category, text)),
    shares: sharesByCategory(tree, widths, metric),
  };
}

/** The label of a node as it is shown. */
export function textOf(picture: FlamePicture, node: number): string {
  return node === 0 ? 'all' : (picture.texts[picture.tree.label[node] as number] as string);
}

function checkPalette(name = 'category'): string {
  const palette = paletteNamed(name);
  if (palette !== undefined) return palette;
  throw new SigprofError(
    'ERR_SIGPROF_INVALID_OPTION',
    `no colours are called ${JSON.stringify(name)}; there are: ${paletteNames.join(', ')}`,
  );
}

function measureOf(
  profile: ProfileData,
  metric: 'weight' | 'samples',
  { countName }: FlameGraphOptions,
): Measure {
  if (metric === 'samples' || profile.meta.unit === 'count') {
    return { unit: 'count', words: plainText(countName ?? 'samples') };
  }
  return { unit: 'nanoseconds', words: metricWords(profile) };
}

function describeSides(profile: ProfileData, base: ProfileData | undefined): string {
  const amountOf = (of: ProfileData) => describeAmount(of, sumSamples(of.samples));
  return base === undefined
    ? amountOf(profile)
    : `before: ${amountOf(base)}; after: ${amountOf(profile)}`;
}

function describeNotes(
  profile: ProfileData,
  comparison: Comparison | undefined,
  { base, notes: given = '' }: FlameGraphOptions,
): string[] {
  const notes = [given, describeProgram(profile), describeLosses(profile) ?? ''];
  if (comparison && base) {
    const program = describeProgram(base);
    if (program !== '') notes.push(`before: ${program}`);
    if (comparison.scale !== 1) {
      notes.push(
        `the base is scaled by ${Number(comparison.scale.toPrecision(4))} to the same total`,
      );
    }
  }
  return [...notes, ...profile.warnings, ...(base?.warnings ?? [])].filter((line) => line !== '');
}

function sharesByCategory(
  tree: CallTree,
  widths: TreeValues,
  metric: FlameMetric,
): Map<FrameCategory, number> {
  const { omitted } = tree;
  const omittedSelf =
    metric === 'weight' ? omitted?.selfWeightByLabel : omitted?.selfSamplesByLabel;
  const self = Float64Array.from(tree.labels, (_, label) => omittedSelf?.[label] ?? 0);
  const isUsed = new Uint8Array(tree.labels.length);
  for (let node = 1; node < tree.length; node++) {
    const label = tree.label[node] as number;
    self[label] = (self[label] as number) + (widths.self[node] as number);
    isUsed[label] = 1;
  }
  const shares = new Map<FrameCategory, number>();
  for (const [label, { category }] of tree.labels.entries()) {
    const value = self[label] as number;
    if (value > 0 || isUsed[label] === 1) shares.set(category, (shares.get(category) ?? 0) + value);
  }
  return shares;
}

/** A share of all, in words. */
export function shareOf(picture: FlamePicture, width: number): string {
  return formatPercent(width, picture.whole);
}

/** The settings of a picture. */
export function settingsOf(picture: FlamePicture): PictureSettings {
  const { options, comparison, measure } = picture;
  return {
    ...measure,
    orientation: options.layout ?? 'icicle',
    isReversed: options.reverse === true,
    isTimeOrdered: options.flameChart === true,
    isComparison: comparison !== undefined,
    whole: picture.whole,
    compared: comparison?.whole ?? 0,
    palette: checkPalette(options.colors),
    isSwapped: options.negate === true,
    ...(options.isSure ? { isJudged: true } : {}),
    nameType: plainText(options.nameType ?? ''),
    rowPx: options.rowPx ?? 16,
    fontPx: options.fontSizePx ?? 12,
    widthPx: options.widthPx ?? 0,
    ...(options.fontFamily ? { fontFamily: parseFontFamily(options.fontFamily) } : {}),
    ...(options.background ? { background: parseBackground(options.background) } : {}),
  };
}

/** What is known about the recording, for machines; absent values are unknown. */
export function metadataOf({ profile, title }: FlamePicture): Readonly<Record<string, unknown>> {
  const { meta, counters } = profile;
  const { cwd: _, ...shown } = meta;
  return { ...shown, title, ...counters, warnings: profile.warnings };
}
