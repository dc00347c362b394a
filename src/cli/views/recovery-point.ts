import type { DiskImage, RecoveryPoint } from '../../volumegroups/index.ts'
import { pairsOf } from '../output/values.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const RECOVERY_POINT: View<RecoveryPoint> = {
  plural: 'recovery points',
  toWire: answersOf('getRecoveryPoint', 'listRecoveryPoints'),
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'disks', cell: ({ disks }) => String(disks.length), align: 'right' },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'vg', cell: ({ groupId }) => groupId, rank: 'spare' },
    { title: 'reason', cell: ({ reason }) => reason, rank: 'spare' },
    { title: 'grouped', cell: ({ grouped }) => (grouped ? 'yes' : 'no'), rank: 'detail' },
    { title: 'expires', cell: ({ expiresAt }) => expiresAt?.toISOString() ?? '', rank: 'detail' },
    { title: 'locked until', cell: ({ lockedUntil }) => lockedUntil?.toISOString() ?? '', rank: 'detail' },
    { title: 'generation', cell: ({ generation }) => String(generation), rank: 'detail' },
    { title: 'labels', cell: ({ labels }) => pairsOf(labels), rank: 'detail' },
    {
      title: 'images',
      cell: ({ disks }, { size }) =>
        disks.map(({ diskId, sizeBytes }) => `${diskId} ${size(sizeBytes)}`).join(', '),
      rank: 'detail',
    },
  ],
}

export const DISK_IMAGE: View<DiskImage> = {
  plural: 'disk images',
  toWire: answersOf('listDiskImages', 'listDiskImages'),
  columns: [
    { title: 'disk', cell: ({ diskId }) => diskId },
    { title: 'size', cell: ({ sizeBytes }, { size }) => size(sizeBytes), align: 'right' },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'rp', cell: ({ recoveryPointId }) => recoveryPointId },
    { title: 'grouped', cell: ({ grouped }) => (grouped ? 'yes' : 'no'), rank: 'spare' },
  ],
}
