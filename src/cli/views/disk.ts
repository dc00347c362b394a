import type { Disk } from '../../volumegroups/index.ts'
import { pairsOf } from '../output/values.ts'
import type { Format, View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const DISK: View<Disk> = {
  plural: 'disks',
  toWire: answersOf('getDisk', 'listDisks'),
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'size', cell: ({ sizeBytes }, { size }) => size(sizeBytes), align: 'right' },
    { title: 'attached to', cell: holdersOf, isFlexible: true },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'vg', cell: ({ groupId }) => groupId, rank: 'spare' },
    { title: 'source', cell: sourceOf, rank: 'detail' },
    { title: 'lun', cell: ({ lun }) => String(lun), rank: 'detail' },
    { title: 'generation', cell: ({ generation }) => String(generation), rank: 'detail' },
    { title: 'attributes', cell: ({ attributes }) => pairsOf(attributes), rank: 'detail' },
  ],
}

/** One that has no data is served to nobody, whoever it is attached to. */
function holdersOf({ attachedTo, dataMissingSince: since }: Disk, { time }: Format): string {
  return since === undefined ? attachedTo.join(', ') : `no data: ${time(since)}`
}

function sourceOf({ source }: Disk): string {
  if (source === undefined) return ''
  return source.kind === 'disk' ? source.diskId : `${source.diskId} in ${source.recoveryPointId}`
}
