import type { Backup } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const BACKUP: View<Backup> = {
  plural: 'backups',
  toWire: answersOf('createBackup', 'listBackups'),
  columns: [
    { title: 'name', cell: ({ name }) => name },
    { title: 'reason', cell: ({ reason }) => reason },
    { title: 'size', cell: ({ sizeBytes }, { size }) => size(sizeBytes), align: 'right' },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
  ],
}
