// What a command says at length, apart from how it is written: as text on a terminal, or as Markdown.

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Holds names or source text, which Markdown must not interpret. */
  readonly isCode?: boolean;
  /** On a narrow terminal columns are left out, those of the highest number first; absent: never. */
  readonly dropOrder?: number;
}

/** How a row stands out. */
export type RowTone = 'worse' | 'better' | 'plain';

/** A row of a table: one text for each column. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly tone?: RowTone;
}

/** A piece of a document. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'words'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly TableColumn[];
      readonly rows: readonly TableRow[];
    }
  /** Lines of names, as of a stack. */
  | { readonly kind: 'code'; readonly lines: readonly string[] };

/** A document, top to bottom. */
export type Document = readonly Block[];
