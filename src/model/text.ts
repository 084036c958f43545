// Helpers for text of unknown origin: function names can be any string at all.

/**
 * Orders strings by their UTF-8 bytes, which is by code points. JavaScript's own order is by UTF-16 units and puts
 * U+E000..U+FFFF behind the astral planes.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A short, stable fingerprint of a string (FNV-1a over UTF-16 units). */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Cuts text of more than `limit` code points; the hash behind the ellipsis keeps different texts different. Text that was
 * cut stays as it is, so that names are the same after a way through a file.
 */
export function cutLongText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (isCut(text, limit)) return text;
  let end = 0;
  for (let points = 0; points < limit && end < text.length; points++) {
    end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1;
  }
  if (end >= text.length) return text;
  return `${text.slice(0, end)}…#${hashText(text).toString(16).padStart(8, '0')}`;
}

function isCut(text: string, limit: number): boolean {
  const suffix = 10;
  if (text.length > 2 * limit + suffix || !/…#[0-9a-f]{8}$/.test(text)) return false;
  return [...text].length === limit + suffix;
}

/** Text with lone surrogates, which no encoding of Unicode can hold, replaced. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
