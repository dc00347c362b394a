import { Type } from 'typebox'
import type { Backup } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { bytes, decodesTo, listQuery, pageOf, time } from './wire.ts'

export const BackupSchema = decodesTo<Backup>()(
  Type.Object(
    {
      name: Type.String({ description: 'Of its file.' }),
      reason: Type.Enum(['user', 'schedule']),
      createdAt: time(),
      sizeBytes: bytes(),
    },
    { title: 'Backup' },
  ),
)

export const backupCalls = {
  createBackup: describe({
    method: 'POST',
    path: '/backups',
    summary: 'Makes a consistent, checked copy of the database, where the element keeps its backups.',
    answer: BackupSchema,
  }),
  listBackups: describe({
    method: 'GET',
    path: '/backups',
    summary: 'Lists the backups that are kept.',
    query: listQuery({}),
    answer: pageOf(BackupSchema, 'Backup'),
  }),
}
