import { MAX_PAGE, type Page, type PageQuery, Violations } from '../volumegroups/index.ts'

interface ListRequest {
  /** 0 = all. */
  readonly maxEntries: number
  readonly startingToken: string
}

/** Callers take 4 MiB, and an entry can have a volume_context of 4 KiB. The rest comes with the next token. */
const MAX_ENTRIES = 900

/** Reads as many pages as a CSI list asks for. */
export async function collectPages<Item>(
  request: ListRequest,
  readPage: (query: PageQuery) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const faults = new Violations()
  if (request.maxEntries < 0) faults.add('max_entries', 'INVALID_ARGUMENT', 'max_entries is negative')
  faults.throwIfAny()
  const wanted = Math.min(request.maxEntries || MAX_ENTRIES, MAX_ENTRIES)
  const items: Item[] = []
  let token = request.startingToken || undefined
  do {
    const page = await readPage({ limit: Math.min(wanted - items.length, MAX_PAGE), token })
    items.push(...page.items)
    token = page.nextToken
  } while (token !== undefined && items.length < wanted)
  return { items, nextToken: token }
}
