import { fail } from 'node:assert'
import type { DeletedThing } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { encode } from '../output/wire.ts'

export const DELETED: View<DeletedThing> = {
  plural: 'deleted things',
  toWire: {
    one: () => fail('there is no verb that shows one of them'),
    page: (page) => encode('listDeleted', page),
  },
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'project', cell: ({ project }) => project, isFlexible: true },
    {
      title: 'size',
      cell: ({ sizeBytes }, { size }) => (sizeBytes === undefined ? '' : size(sizeBytes)),
      align: 'right',
    },
    { title: 'restorable until', cell: ({ restorableUntil }) => restorableUntil.toISOString() },
    { title: 'id', cell: ({ id }) => id },
    { title: 'deleted', cell: ({ deletedAt }, { time }) => time(deletedAt), rank: 'spare', align: 'right' },
    { title: 'reason', cell: ({ reason }) => reason, rank: 'spare' },
    { title: 'actor', cell: ({ actor }) => actor ?? '', rank: 'detail' },
    { title: 'vg', cell: ({ groupId }) => groupId, rank: 'detail' },
  ],
}
