import type { Document } from './document.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText, styleFor } from './render-text.ts';

/** Writes a document to stdout, as text that fits the terminal or as Markdown. */
export function printDocument(
  document: Document,
  { markdown = false }: { readonly markdown?: boolean } = {},
): void {
  const text = markdown ? renderMarkdown(document) : renderText(document, styleFor(process.stdout));
  process.stdout.write(text);
}
