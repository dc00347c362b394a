import { pad, shorten, widthOf, withoutControls } from './text.ts'
import type { Column, Format, RowView } from './view.ts'

const GAP = '  '
/** A flexible column is not cut shorter than this. */
const MIN_WIDTH = 8

interface Rendered<Item> {
  readonly column: Column<Item>
  readonly cells: readonly string[]
  width: number
}

/** An aligned table, no wider than the terminal if that can be had without cutting an id. */
export function renderTable<Item>(
  { columns }: RowView<Item>,
  items: readonly Item[],
  format: Format,
  terminalWidth = Number.POSITIVE_INFINITY,
): string {
  const all = columns.filter(({ rank }) => rank !== 'detail')
  const shown = narrow(
    all.map((column) => renderColumn(column, items, format)),
    terminalWidth,
  )
  const lines = ['', ...items].map((_, row) =>
    shown.map(({ column, cells, width }) =>
      pad(shorten(cells[row] as string, width), width, column.align ?? 'left'),
    ),
  )
  return lines.map((cells) => `${cells.join(GAP).trimEnd()}\n`).join('')
}

/** One thing, a line for each of its values. */
export function renderFields<Item>(view: RowView<Item>, item: Item, format: Format): string {
  const lines = view.columns.map(({ title, field, cell }) => ({
    title: field ?? title,
    value: withoutControls(cell(item, format)),
  }))
  const width = Math.max(...lines.map(({ title }) => widthOf(title))) + 1
  return lines.map(({ title, value }) => `${pad(`${title}:`, width, 'left')}${GAP}${value || '-'}\n`).join('')
}

function renderColumn<Item>(column: Column<Item>, items: readonly Item[], format: Format): Rendered<Item> {
  const values = items.map((item) => withoutControls(column.cell(item, format)) || '-')
  const cells = [column.title.toUpperCase(), ...values]
  return { column, cells, width: cells.reduce((most, cell) => Math.max(most, widthOf(cell)), 0) }
}

/** Leaves out spare columns, the last one first, then cuts the widest flexible ones. */
function narrow<Item>(columns: readonly Rendered<Item>[], limit: number): readonly Rendered<Item>[] {
  if (totalOf(columns) <= limit) return columns
  const spare = columns.findLast(({ column }) => column.rank === 'spare')
  if (spare !== undefined) {
    return narrow(
      columns.filter((candidate) => candidate !== spare),
      limit,
    )
  }
  for (const candidate of columns
    .filter(({ column }) => column.isFlexible)
    .sort((a, b) => b.width - a.width)) {
    const excess = Math.max(0, totalOf(columns) - limit)
    candidate.width = Math.min(candidate.width, Math.max(MIN_WIDTH, candidate.width - excess))
  }
  return columns
}

const totalOf = (columns: readonly Rendered<never>[]): number =>
  columns.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length)
