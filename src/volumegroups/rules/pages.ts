import type { Cursor, Slice } from '../database.ts'
import { StorageError, Violations } from '../errors.ts'
import { MAX_PAGE } from '../limits.ts'
import type { Page, PageQuery } from '../types.ts'

export interface Listing<Item> {
  /** Its name is in its tokens, so that a token of another list is refused. */
  readonly name: string
  readonly cursorOf: (item: Item) => Cursor
  readonly read: (slice: Slice) => Promise<readonly Item[]>
}

/** One page. A token stays good though the item that it follows is deleted. */
export async function pageOf<Item>(query: PageQuery, listing: Listing<Item>): Promise<Page<Item>> {
  const limit = limitOf(query)
  const after = query.token === undefined ? undefined : cursorFrom(query.token, listing.name)
  const found = await listing.read({ after, limit: limit + 1 })
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { items, nextToken: hasMore ? tokenFor(listing.cursorOf(last), listing.name) : undefined }
}

function limitOf({ limit = MAX_PAGE }: PageQuery): number {
  const faults = new Violations()
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    faults.add('limit', 'INVALID_ARGUMENT', `limit must be a whole number from 1 to ${MAX_PAGE}`)
  }
  faults.throwIfAny()
  return limit
}

/** Plain text rather than base64: CSI allows a token 128 bytes, and two ids have to fit. */
export function tokenFor({ atMs, keys }: Cursor, list: string): string {
  return [list, atMs, ...keys].map(encodeURIComponent).join(':')
}

export function cursorFrom(token: string, list: string): Cursor {
  const [name, atMs, ...keys] = fieldsOf(token)
  const cursor = { atMs: Number(atMs), keys }
  const isCanonical = Number.isSafeInteger(cursor.atMs) && keys.length > 0
  if (name !== list || !isCanonical || tokenFor(cursor, list) !== token) throw invalid()
  return cursor
}

function fieldsOf(token: string): string[] {
  try {
    return token.split(':').map(decodeURIComponent)
  } catch (cause) {
    throw invalid(cause)
  }
}

const invalid = (cause?: unknown): StorageError =>
  new StorageError('PAGE_TOKEN_INVALID', 'the page token was not given out by this list', { cause })
