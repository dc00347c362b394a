import type { VolumeGroup } from '../../volumegroups/index.ts'
import { pairsOf } from '../output/values.ts'
import type { Format, View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const VOLUME_GROUP: View<VolumeGroup> = {
  plural: 'volume groups',
  toWire: answersOf('getGroup', 'listGroups'),
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'project', cell: ({ project }) => project, isFlexible: true },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'implicit', cell: ({ implicit }) => (implicit ? 'yes' : 'no'), rank: 'spare' },
    { title: 'data', cell: dataOf, rank: 'spare' },
    { title: 'labels', cell: ({ labels }) => pairsOf(labels), rank: 'detail' },
    { title: 'generation', cell: ({ generation }) => String(generation), rank: 'detail' },
    { title: 'epoch', cell: ({ epoch }) => String(epoch), rank: 'detail' },
  ],
}

function dataOf({ dataMissingSince: since }: VolumeGroup, { time }: Format): string {
  return since === undefined ? '' : `missing: ${time(since)}`
}
