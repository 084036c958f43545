import { spawnSync } from 'node:child_process';

/** One box of a picture, as read back from its text. */
export interface ParsedBox {
  readonly name: string;
  readonly amounts: string;
  readonly start: number;
  readonly width: number;
  readonly self: number;
  readonly samples: number;
  readonly depth: number;
  readonly pruned: number;
  /** In comparisons: total before and after, then what the frame has itself. */
  readonly sides: readonly number[];
}

/** Throws unless libxml2 takes the text as well-formed. */
export function assertWellFormed(xml: string): void {
  // --huge: names and stacks may go beyond the parser's default limits, which guard against hostile documents.
  const result = spawnSync('xmllint', ['--noout', '--huge', '-'], { input: xml, encoding: 'utf8' });
  if (result.error) throw new Error('xmllint is missing; `npm test tools` installs it');
  if (result.status !== 0) throw new Error(`not well-formed: ${result.stderr.slice(0, 500)}`);
}

/** The boxes of a picture in document order. */
export function parseBoxes(svg: string): ParsedBox[] {
  const pattern =
    /<g class="[^"]+" data-v="([^"]*)"(?: data-d="([^"]*)")?><title>([^<]*)<\/title>/g;
  return [...svg.matchAll(pattern)].map(([, values = '', sides = '', title = '']) => {
    const [start = 0, width = 0, self = 0, samples = 0, depth = 0, pruned = 0] = values
      .split(' ')
      .map(Number);
    const [name = '', amounts = ''] = unescapeXml(title).split('\n');
    return {
      name,
      amounts,
      start,
      width,
      self,
      samples,
      depth,
      pruned,
      sides: sides.split(' ').filter(Boolean).map(Number),
    };
  });
}

function unescapeXml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
