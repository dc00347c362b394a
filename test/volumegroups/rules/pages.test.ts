import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cursor, Slice } from '../../../src/volumegroups/index.ts'
import { cursorFrom, pageOf, tokenFor } from '../../../src/volumegroups/rules/pages.ts'

const cursors = fc.record({
  atMs: fc.nat(),
  keys: fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 2 }),
})

test('a token says where its list goes on, and nothing else is one', () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect(cursorFrom(tokenFor(cursor, 'disks'), 'disks')).toEqual(cursor)
      expect(() => cursorFrom(tokenFor(cursor, 'disks'), 'groups')).toThrow('page token')
    }),
  )
  fc.assert(
    fc.property(fc.string(), (token) => {
      expect(() => cursorFrom(token, 'disks')).toThrow('page token')
    }),
  )
})

const isAfter = (item: Cursor, after: Cursor | undefined): boolean =>
  after === undefined ||
  item.atMs > after.atMs ||
  (item.atMs === after.atMs && String(item.keys[0]) > String(after.keys[0]))

test('pages hold every item once, whatever their size, though items are deleted on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(1000), { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      async (numbers, limit) => {
        // Several items of one time each, in order.
        let items: Cursor[] = numbers
          .map((number) => ({ atMs: number % 5, keys: [String(number).padStart(4, '0')] }))
          .sort((a, b) => (isAfter(a, b) ? 1 : -1))
        const all = items
        const read = async ({ after, limit: count }: Slice) =>
          items.filter((item) => isAfter(item, after)).slice(0, count)
        const seen: Cursor[] = []
        let token: string | undefined
        do {
          const page = await pageOf({ limit, token }, { name: 'items', cursorOf: (item) => item, read })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items)
          items = items.filter((item) => !page.items.includes(item))
          token = page.nextToken
        } while (token !== undefined)
        expect(seen).toEqual(all)
      },
    ),
  )
})
