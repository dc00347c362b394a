import type { RecordedDecision, RecoverySummary } from '../../volumegroups/index.ts'
import type { RowView, View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const RECOVERY_SUMMARY: View<RecoverySummary> = {
  plural: 'recoveries',
  toWire: answersOf('getRecovery', 'listRecoveries'),
  columns: [
    { title: 'id', cell: ({ id }) => id },
    { title: 'age', field: 'at', cell: ({ at }, { time }) => time(at), align: 'right' },
    { title: 'restored', cell: ({ isRestored }) => (isRestored ? 'yes' : 'no') },
    { title: 'decisions', cell: countsOf, isFlexible: true },
  ],
}

function countsOf({ counts }: RecoverySummary): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}

export const DECISION: RowView<RecordedDecision> = {
  plural: 'decisions',
  columns: [
    { title: 'decision', cell: ({ kind }) => kind },
    { title: 'about', cell: ({ entities }) => entities[0] ?? '' },
    { title: 'failure', cell: ({ failure }) => failure?.reason ?? '' },
    { title: 'why', cell: ({ detail }) => detail, isFlexible: true },
  ],
}
