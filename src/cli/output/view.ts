import { formatDuration, formatSize } from './values.ts'
import type { ToWire } from './wire.ts'

/** How values are written. */
export interface Format {
  size(sizeBytes: bigint): string
  time(moment: Date): string
}

/** One line of `show`, and of a list one column. */
export interface Column<Item> {
  readonly title: string
  /** What `show` calls it; left out = the title. */
  readonly field?: string
  readonly cell: (item: Item, format: Format) => string
  readonly align?: 'right'
  /** `detail`: not in lists. `spare`: left out of a list for which the terminal is too narrow. */
  readonly rank?: 'detail' | 'spare'
  /** Can be cut short in a list. What is copied from it, an id, can not. */
  readonly isFlexible?: boolean
}

/** How things of one sort are shown to a person. */
export interface RowView<Item> {
  readonly plural: string
  readonly columns: readonly Column<Item>[]
}

/** And how to a program. */
export interface View<Item> extends RowView<Item> {
  readonly toWire: ToWire<Item>
}

/** In a list: sizes and ages that are easily compared. */
export function listFormat(now: Date, exact: boolean): Format {
  return {
    size: exact ? String : formatSize,
    time: (moment) => (exact ? moment.toISOString() : formatDuration(now.getTime() - moment.getTime())),
  }
}

/** Of one thing: everything there is to say. */
export function showFormat(now: Date, exact: boolean): Format {
  return {
    size: (sizeBytes) => (exact ? String(sizeBytes) : `${formatSize(sizeBytes)} (${sizeBytes} bytes)`),
    time: (moment) => {
      const age = exact ? '' : ` (${formatDuration(now.getTime() - moment.getTime())} ago)`
      return `${moment.toISOString()}${age}`
    },
  }
}
