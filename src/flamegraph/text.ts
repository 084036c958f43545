// Text inside pictures. Names come from the profiled program and can be any string: what leaves this file is safe in XML
// text and attributes, and is what the picture shows.

const LONGEST_TEXT = 1024;

/** One line of visible, well-formed text: controls, direction marks and what XML forbids are replaced. */
export function plainText(text: string): string {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return (
    cut
      .replace(/[\t\n\r\u2028\u2029]+/g, ' ')
      // Direction marks could make a name read as another one.
      .replace(
        /[\p{Cc}\p{Surrogate}\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
        '\ufffd',
      )
  );
}

/** Escapes text for XML; it must be {@link plainText}. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** As much of a text as fits into so many columns of a monospaced font, with an ellipsis when cut; '' for next to nothing. */
export function fitText(text: string, columns: number): string {
  if (columns < 2) return '';
  let used = 0;
  let end = 0; // where to cut so that the ellipsis still fits
  for (const character of text) {
    const width = characterColumns(character);
    if (used + width > columns) {
      return end === 0 ? '' : `${text.slice(0, end)}…`;
    }
    used += width;
    // Marks belong to the character before them, which may have been the last one that fits.
    if (used <= columns - 1) end += character.length;
  }
  return text;
}

/** Columns a text takes in a monospaced font. */
export function textColumns(text: string): number {
  let columns = 0;
  for (const character of text) columns += characterColumns(character);
  return columns;
}

function characterColumns(character: string): number {
  if (character.length === 1 && character < '\u0300') return 1;
  if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return 0;
  return isWide.test(character) ? 2 : 1;
}

const isWide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
