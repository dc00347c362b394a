import type { GroupSpace, SpaceUse } from '../../volumegroups/index.ts'
import type { RowView } from '../output/view.ts'

interface Row extends SpaceUse {
  readonly id: string
}

/** The group, then what it holds. */
export const rowsOf = ({ group, disks, recoveryPoints }: GroupSpace): readonly Row[] => [
  { id: '(all)', ...group },
  ...disks,
  ...recoveryPoints,
]

export const SPACE: RowView<Row> = {
  plural: 'disks',
  columns: [
    { title: 'of', cell: ({ id }) => id },
    { title: 'exclusive', cell: ({ exclusiveBytes }, { size }) => size(exclusiveBytes), align: 'right' },
    { title: 'shared', cell: ({ sharedBytes }, { size }) => size(sharedBytes), align: 'right' },
  ],
}
