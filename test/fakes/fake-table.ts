import { MAX_PAGE, type Page, type PageQuery, StorageError } from '../../src/volumegroups/index.ts'

/** Rows in the order in which they were made, with pages that survive changes between them. */
export class FakeTable<Row> {
  readonly #rows = new Map<string, { readonly sequence: number; row: Row }>()
  readonly #name: string
  #lastSequence = 0

  constructor(name: string) {
    this.#name = name
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)?.row
  }

  /** Adds the row, or replaces it in its place. */
  put(key: string, row: Row): Row {
    const known = this.#rows.get(key)
    if (known === undefined) this.#rows.set(key, { sequence: ++this.#lastSequence, row })
    else known.row = row
    return row
  }

  delete(key: string): boolean {
    return this.#rows.delete(key)
  }

  find(matches: (row: Row) => boolean): Row | undefined {
    return this.filter(matches)[0]
  }

  filter(matches: (row: Row) => boolean): Row[] {
    return [...this.#rows.values()].map(({ row }) => row).filter(matches)
  }

  page(query: PageQuery, matches: (row: Row) => boolean): Page<Row> {
    const limit = query.limit ?? MAX_PAGE
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      const message = `limit must be a whole number from 1 to ${MAX_PAGE}`
      throw new StorageError('INVALID_ARGUMENT', message, {
        violations: [{ field: 'limit', reason: 'INVALID_ARGUMENT', message }],
      })
    }
    const after = query.token === undefined ? 0 : this.#sequenceOf(query.token)
    const rest = [...this.#rows.values()].filter(({ sequence, row }) => sequence > after && matches(row))
    const last = rest.length > limit ? rest[limit - 1] : undefined
    return {
      items: rest.slice(0, limit).map(({ row }) => row),
      nextToken: last && Buffer.from(`${this.#name}:${last.sequence}`).toString('base64url'),
    }
  }

  #sequenceOf(token: string): number {
    const [name, sequence] = Buffer.from(token, 'base64url').toString().split(':')
    if (name === this.#name && /^[0-9]{1,15}$/.test(sequence ?? '')) return Number(sequence)
    throw new StorageError(
      'PAGE_TOKEN_INVALID',
      `the page token was not given out by the list of ${this.#name}`,
    )
  }
}
