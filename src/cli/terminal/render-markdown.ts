import type { Block, Document, TableColumn } from './document.ts';
import { plainText } from './plain-text.ts';

/** A document as GitHub-flavoured Markdown. */
export function renderMarkdown(document: Document): string {
  return document.map(renderBlock).join('\n');
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `### ${escapeWords(block.text)}\n`;
    case 'words':
      return `${escapeWords(block.text)}\n`;
    case 'table':
      return [
        tableLine(block.columns.map(({ title }) => escapeWords(title))),
        tableLine(block.columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
        ...block.rows.map(({ cells }) =>
          tableLine(cells.map((cell, at) => tableCell(cell, block.columns[at]))),
        ),
      ].join('');
    case 'code':
      return fenced(block.lines.map(plainText));
  }
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function tableCell(cell: string, column: TableColumn | undefined): string {
  // Tables are split at pipes before anything else is looked at, also within code.
  return column?.isCode ? codeSpan(cell).replaceAll('|', '\\|') : escapeWords(cell);
}

/** Text as code: nothing in it is Markdown, HTML or somebody's name to be notified. */
export function codeSpan(text: string): string {
  const plain = plainText(text);
  if (plain.trim() === '') return '';
  const fence = '`'.repeat(longestRun(plain) + 1);
  // A blank at both ends is taken away again, and lets a backtick stand there.
  const needsBlanks = /^[` ]|[` ]$/.test(plain);
  return needsBlanks ? `${fence} ${plain} ${fence}` : `${fence}${plain}${fence}`;
}

function fenced(lines: readonly string[]): string {
  const fence = '`'.repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)));
  return `${fence}\n${lines.map((line) => `${line}\n`).join('')}${fence}\n`;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}

function escapeWords(text: string): string {
  return plainText(text)
    .replace(/[\\`*_[\]<>|#~&]/g, (character) => `\\${character}`)
    .replace(/@(?=\w)/g, '@\u200b');
}
