import { MAX_PAGE, type Page, type PageQuery } from '../../volumegroups/index.ts'
import { isUnreachable, tell } from '../errors.ts'
import type { Session } from '../session.ts'
import { renderFields, renderTable } from './table.ts'
import { listFormat, type RowView, showFormat, type View } from './view.ts'

export interface WatchOptions {
  /** Seconds between two readings; left out = one reading. */
  readonly watch?: number
}

export interface ListOptions extends WatchOptions {
  readonly limit?: number
}

/** More items than this are not read, whatever `--limit` says. */
export const MAX_LISTED = 100_000
const CLEAR_SCREEN = '\u001b[H\u001b[J'

/** Prints one thing. */
export async function printOne<Item>(session: Session, view: View<Item>, item: Item): Promise<void> {
  const { terminal, json, exact } = session
  if (json) printJson(session, await view.toWire.one(item))
  else terminal.out.write(renderFields(view, item, showFormat(terminal.now(), exact)))
}

/** Prints a list, all its pages. */
export async function printList<Item>(
  session: Session,
  view: View<Item>,
  { limit = MAX_LISTED, watch }: ListOptions,
  read: (page: PageQuery) => Promise<Page<Item>>,
): Promise<void> {
  await repeating(session, { watch }, async () => printPage(session, view, await readAll(read, limit)))
}

/** Prints once; or, to watch, again and again until it is interrupted. */
export async function repeating(
  session: Session,
  { watch }: { readonly watch: number | undefined },
  print: () => Promise<void>,
): Promise<void> {
  if (watch === undefined) return print()
  const { out, interrupted, sleep } = session.terminal
  while (!interrupted.aborted) {
    if (out.columns !== undefined) out.write(CLEAR_SCREEN)
    await unlessAway(session, print)
    await sleep(watch * 1000, interrupted).catch(() => {})
  }
}

/** Goes through an element that is away for a while; what it refuses ends the watching. */
async function unlessAway({ terminal, json }: Session, print: () => Promise<void>): Promise<void> {
  try {
    await print()
  } catch (error) {
    if (terminal.interrupted.aborted) return
    if (!isUnreachable(error)) throw error
    tell(error, terminal.err, { json })
  }
}

/** Reads page after page until there are enough. */
export async function readAll<Item>(
  read: (page: PageQuery) => Promise<Page<Item>>,
  limit: number,
): Promise<Page<Item>> {
  const items: Item[] = []
  let token: string | undefined
  do {
    const page = await read({ limit: Math.min(limit - items.length, MAX_PAGE), token })
    items.push(...page.items)
    token = page.nextToken
  } while (token !== undefined && items.length < limit)
  return { items, nextToken: token }
}

async function printPage<Item>(session: Session, view: View<Item>, page: Page<Item>): Promise<void> {
  await printRows(session, view, page.items, () => view.toWire.page(page))
  const { err } = session.terminal
  if (page.nextToken !== undefined) err.write(`there are more than these ${page.items.length}\n`)
}

/** Prints rows for a person; for a program what they are made of. */
export async function printRows<Item>(
  session: Session,
  view: RowView<Item>,
  rows: readonly Item[],
  toWire: () => Promise<unknown>,
): Promise<void> {
  const { terminal, json, exact } = session
  const { out, err } = terminal
  if (json) printJson(session, await toWire())
  else if (rows.length === 0) err.write(`no ${view.plural}\n`)
  else out.write(renderTable(view, rows, listFormat(terminal.now(), exact), out.columns))
}

/** Says to a person that it is done; for a program the exit code does. */
export function printDone({ terminal, json }: Session, what: string): void {
  if (!json) terminal.out.write(`${what}\n`)
}

/** On one line, so that what is watched is a line for each reading. */
const printJson = ({ terminal }: Session, value: unknown): void =>
  terminal.out.write(`${JSON.stringify(value)}\n`)
