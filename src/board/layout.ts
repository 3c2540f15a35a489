/** Where the list and the pane beside it stand in a terminal of some size. Pure. */

export interface Size {
  cols: number;
  rows: number;
}

export interface Layout {
  /** `beside` and `below`: both are seen. `alone`: one at a time. */
  kind: 'beside' | 'below' | 'alone';
  list: Size;
  pane: Size;
}

/** Too small for anything. */
export const smallest: Size = { cols: 20, rows: 6 };

const besideFromCols = 100;
const belowFromRows = 22;

/** The header and the footer take a line each. */
export function layoutOf({ cols, rows }: Size): Layout {
  const body = Math.max(3, rows - 2);
  if (cols >= besideFromCols) {
    const list = Math.floor(cols * (cols >= 160 ? 0.5 : 0.54));
    return { kind: 'beside', list: { cols: list, rows: body }, pane: { cols: cols - list, rows: body } };
  }
  if (rows >= belowFromRows) {
    const list = Math.ceil(body * 0.5);
    return { kind: 'below', list: { cols, rows: list }, pane: { cols, rows: body - list } };
  }
  return { kind: 'alone', list: { cols, rows: body }, pane: { cols, rows: body } };
}
