import { describe, expect, test } from 'vitest'
import { renderTable } from '../../../src/cli/output/table.ts'
import { widthOf } from '../../../src/cli/output/text.ts'
import type { View } from '../../../src/cli/output/view.ts'

interface Thing {
  readonly name: string
  readonly id: string
  readonly more: string
}

const THING: View<Thing> = {
  plural: 'things',
  toWire: { one: async () => ({}), page: async () => ({}) },
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'n', cell: ({ name }) => String(name.length), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'more', cell: ({ more }) => more, rank: 'spare' },
    { title: 'detail', cell: () => 'x', rank: 'detail' },
  ],
}
const FORMAT = { size: String, time: String }
const THINGS = [
  { name: 'a', id: 'id-1', more: 'm' },
  { name: 'a name of some length', id: 'id-22', more: '' },
]

const lines = (width?: number, things: readonly Thing[] = THINGS): string[] =>
  renderTable(THING, things, FORMAT, width).trimEnd().split('\n')

describe('a table', () => {
  test('is aligned, without details', () => {
    expect(lines()).toEqual([
      'NAME                    N  ID     MORE',
      'a                       1  id-1   m',
      'a name of some length  21  id-22  -',
    ])
  })

  test('leaves out what can be spared when the terminal is narrow', () => {
    expect(lines(35)[0]).toBe('NAME                    N  ID')
  })

  test('cuts what can be cut, and never an id', () => {
    expect(lines(25)).toEqual([
      'NAME             N  ID',
      'a                1  id-1',
      'a name of som…  21  id-22',
    ])
  })

  test('becomes too wide rather than to lose an id', () => {
    expect(lines(3).at(-1)).toBe('a name …  21  id-22')
  })

  test('is aligned with wide letters and emoji too', () => {
    const rows = lines(undefined, [
      { name: '数据库', id: 'id-1', more: 'm' },
      { name: 'x👩‍🚀', id: 'id-2', more: 'm' },
      { name: 'naïve', id: 'id-3', more: 'm' },
    ])
    const before = rows.slice(1).map((row) => widthOf(row.slice(0, row.indexOf('id-'))))
    expect(new Set(before).size).toBe(1)
  })
})
