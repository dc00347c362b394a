import type { Reader } from '../database.ts'
import { notFound } from '../operations/index.ts'
import type { Recoveries } from '../recoveries.ts'
import { pageOf } from '../rules/pages.ts'

export const recoveryCalls = (reader: Reader): Recoveries => ({
  getRecovery: async (id) => {
    const found = await reader.recovery(id)
    if (found === undefined) throw notFound({ kind: 'recovery', id })
    return found
  },
  listRecoveries: (query = {}) =>
    pageOf(query, {
      name: 'recoveries',
      cursorOf: ({ at, id }) => ({ atMs: at.getTime(), keys: [id] }),
      read: (slice) => reader.recoveries(slice),
    }),
})
