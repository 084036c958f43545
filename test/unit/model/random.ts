/** A seeded source of randomness (mulberry32): failures can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A name no sane program has. */
  hostileName(): string {
    if (this.below(4) === 0) return this.pick(hostileNames);
    let name = '';
    for (let left = this.below(12); left > 0; left--) name += this.pick(fragments);
    return name;
  }
}

/** Names that break writers: injections, separators, what XML forbids, counts. */
export const hostileNames: readonly string[] = [
  '',
  ' ',
  ';',
  '#',
  '# comment 12',
  'two 3',
  'two 3.5',
  ' 7',
  'a;b 9',
  'line\nbreak 5',
  'carriage\rreturn',
  'nul\0name',
  '\u0001\u0008\u000b\u001f\u007f\u0085\u009f',
  '\u2028\u2029\ufeff',
  '\ufffe\uffff',
  'lone \ud800 high',
  'lone \udfff low',
  '\udc00\ud800',
  '</script><script>alert(1)</script>',
  ']]>',
  '<![CDATA[',
  '<!-- -- -->',
  '" onload="alert(1)',
  "' onclick='alert(1)",
  '&lt;&amp;&#0;&bogus;',
  '<svg onload=alert(1)>',
  'javascript:alert(1)',
  '<?xml version="1.0"?>',
  '%00%s%n',
  '\x24{alert(1)}',
  '`backtick`',
  '\u202egnp.exe',
  '日本語の関数名',
  '👩‍👩‍👧‍👦 family',
  'e\u0301\u0301\u0301',
  'x'.repeat(5000),
  '𝒳'.repeat(600),
  '__proto__',
  'constructor',
  'toString',
];

const fragments: readonly string[] = [
  ...';#<>&"\'/\\ \t\n\r\0\u0001()[]{}:.,$0129azAZ_-'.split(''),
  '\ud800',
  '\udc00',
  '\u2028',
  '\uffff',
  '\ufeff',
  'é',
  '☕',
  '𝒳',
  ' 12',
  ']]>',
  '</g>',
];
