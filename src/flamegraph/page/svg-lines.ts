import { fitText } from '../text.ts';

const MARGIN_PX = 10;
const LEGEND_ROW_PX = 18;

/** What stands around the frames, title, notes and legend: drawn for a page of the usual width, fitted here to that of the window. */
export class SurroundingLines {
  readonly #lines: readonly { element: Element; text: string; columnPx: number }[];
  readonly #entries: readonly { element: Element; widthPx: number }[];
  readonly #staticRows: number;

  constructor(root: Element) {
    this.#lines = Array.from(
      root.querySelectorAll('text.head,text.note:not(#legend *)'),
      (element) => ({
        element,
        text: element.textContent ?? '',
        columnPx: element.classList.contains('head') ? 10 : 6.7,
      }),
    );
    this.#entries = Array.from(root.querySelectorAll('#legend>g'), (element) => ({
      element,
      widthPx: Number(element.getAttribute('data-w')),
    }));
    this.#staticRows = this.#place(Number(root.getAttribute('width')));
  }

  /** Fits them; by how much lower than drawn the frames begin. */
  fit(pagePx: number): number {
    for (const { element, text, columnPx } of this.#lines) {
      element.textContent = fitText(text, Math.floor((pagePx - 2 * MARGIN_PX) / columnPx));
    }
    return (this.#place(pagePx) - this.#staticRows) * LEGEND_ROW_PX;
  }

  /** Places the legend; how many rows it takes. */
  #place(pagePx: number): number {
    let x = MARGIN_PX;
    let row = 0;
    for (const { element, widthPx } of this.#entries) {
      if (x > MARGIN_PX && x + widthPx > pagePx - MARGIN_PX) {
        x = MARGIN_PX;
        row++;
      }
      element.setAttribute('transform', `translate(${x},${row * LEGEND_ROW_PX})`);
      x += widthPx;
    }
    return row + 1;
  }
}
