import type { Operation } from '../../volumegroups/index.ts'
import { formatDuration } from '../output/values.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const OPERATION: View<Operation> = {
  plural: 'operations',
  toWire: answersOf('getOperation', 'listOperations'),
  columns: [
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'state', cell: ({ state }) => state },
    { title: 'step', cell: ({ step }) => step ?? '', isFlexible: true },
    { title: 'started', cell: ({ startedAt }, { time }) => time(startedAt), align: 'right' },
    { title: 'took', cell: tookOf, align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'error', cell: ({ error }) => error?.reason ?? '', rank: 'spare' },
    { title: 'message', cell: ({ error }) => error?.message ?? '', rank: 'detail' },
    { title: 'works on', cell: ({ entities }) => entities.join(', '), rank: 'detail' },
  ],
}

function tookOf({ startedAt, endedAt }: Operation): string {
  return endedAt === undefined ? '' : formatDuration(endedAt.getTime() - startedAt.getTime())
}
