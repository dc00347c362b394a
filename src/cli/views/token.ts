import type { MadeToken, Token } from '../../volumegroups/index.ts'
import type { Column, View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

const COLUMNS: readonly Column<Token>[] = [
  { title: 'label', cell: ({ label }) => label, isFlexible: true },
  { title: 'role', cell: ({ role }) => role },
  { title: 'project', cell: ({ project }) => project, isFlexible: true },
  { title: 'initiator', cell: ({ initiatorId }) => initiatorId ?? '', rank: 'spare' },
  { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
  { title: 'id', cell: ({ id }) => id },
  { title: 'expires', cell: ({ expiresAt }) => expiresAt?.toISOString() ?? '', rank: 'spare' },
]

export const TOKEN: View<Token> = {
  plural: 'tokens',
  toWire: answersOf('createToken', 'listTokens'),
  columns: COLUMNS,
}

/** With the secret, if this is the one time that it is told. */
export const MADE_TOKEN: View<MadeToken> = {
  plural: 'tokens',
  toWire: answersOf('createToken', 'listTokens'),
  columns: [
    ...COLUMNS.map((column) => ({
      ...column,
      cell: ({ token }: MadeToken, format: Parameters<typeof column.cell>[1]) => column.cell(token, format),
    })),
    { title: 'secret', cell: ({ secret }) => secret ?? '(told when it was made, and never again)' },
  ],
}
