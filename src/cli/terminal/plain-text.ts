// Names come out of profiles, profiles out of anywhere: what is shown on a terminal must not be able to steer it.

/** Text on one line, without control characters: those that move the cursor, set titles, or turn the writing direction. */
export function plainText(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .replace(/[\t\n\r\u2028\u2029]+/g, ' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
      .replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '\ufffd')
  );
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mark}/u;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  // Nearly all text is of one kind, and tables ask often.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const point of text) width += widthOf(point);
  return width;
}

/** Text within so many columns; an ellipsis stands for what was cut from its middle, so that both ends can be read. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns <= 1) return columns === 1 ? '…' : '';
  const points = [...text];
  const headColumns = Math.floor((columns - 1) / 2);
  const head = takeColumns(points, headColumns);
  const tail = takeColumns(points.reverse(), columns - 1 - headColumns);
  return `${head.join('')}…${tail.reverse().join('')}`;
}

function takeColumns(points: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const point of points) {
    width += widthOf(point);
    if (width > columns) break;
    taken.push(point);
  }
  return taken;
}

function widthOf(point: string): number {
  if (COMBINING.test(point)) return 0;
  return WIDE.test(point) ? 2 : 1;
}
