import type { Block, Document, RowTone } from './document.ts';
import { fitText, plainText } from './plain-text.ts';
import { formatTable } from './table.ts';

/** What the text is for. */
export interface TextStyle {
  /** @default no limit */
  readonly width?: number | undefined;
  /** @default false */
  readonly color?: boolean | undefined;
}

/** How a terminal's stream wants text; anything else gets it whole and plain. */
export function styleFor(stream: NodeJS.WriteStream): TextStyle {
  if (!stream.isTTY) return {};
  // hasColors() knows NO_COLOR, FORCE_COLOR and TERM=dumb.
  return { width: stream.columns || 80, color: stream.hasColors() };
}

/** A document as text. */
export function renderText(document: Document, style: TextStyle = {}): string {
  return document.map((block) => renderBlock(block, style)).join('\n');
}

function renderBlock(block: Block, { width, color = false }: TextStyle): string {
  const paint = color ? paintLine : (line: string) => line;
  switch (block.kind) {
    case 'heading':
      return `${paint(wrap(plainText(block.text), width), 'title')}\n`;
    case 'words':
      return `${wrap(plainText(block.text), width)}\n`;
    case 'table':
      return formatTable(block.columns, block.rows, { width, paint });
    case 'code':
      return block.lines
        .map((line) => `${fitText(plainText(line), width ?? Number.POSITIVE_INFINITY)}\n`)
        .join('');
  }
}

// Orange and blue can be told apart by everybody; signs and words say the same.
const SGR: Readonly<Record<RowTone | 'title', string>> = {
  title: '1',
  worse: '33',
  better: '34',
  plain: '',
};

function paintLine(line: string, tone: RowTone | 'title'): string {
  return SGR[tone] === '' ? line : `\u001B[${SGR[tone]}m${line}\u001B[0m`;
}

function wrap(text: string, width = Number.POSITIVE_INFINITY): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
