import type { Initiator } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const INITIATOR: View<Initiator> = {
  plural: 'initiators',
  toWire: answersOf('getInitiator', 'listInitiators'),
  columns: [
    { title: 'id', cell: ({ id }) => id },
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'project', cell: ({ project }) => project, isFlexible: true },
    { title: 'most disks', cell: ({ maxAttachments }) => String(maxAttachments || ''), align: 'right' },
    {
      title: 'age',
      field: 'registered',
      cell: ({ registeredAt }, { time }) => time(registeredAt),
      align: 'right',
    },
  ],
}
