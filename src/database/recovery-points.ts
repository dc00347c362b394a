import type { Kysely } from 'kysely'
import type {
  DiskId,
  DiskImage,
  Reader,
  RecoveryPoint,
  RecoveryPointDisk,
  RecoveryPointId,
  Transactor,
} from '../volumegroups/index.ts'
import { projectOf } from './disks.ts'
import { fromFlag, type Row, toDate, toFlag } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type PointReader = Pick<Reader, 'recoveryPoint' | 'recoveryPointNamed' | 'recoveryPoints' | 'diskImages'>
type PointWriter = Pick<Transactor, 'insertRecoveryPoint' | 'deleteRecoveryPoint'>

export function recoveryPointReader(db: Kysely<Schema>): PointReader {
  return {
    recoveryPoint: async (id) => {
      const rows = await db.selectFrom('recovery_points').selectAll().where('id', '=', id).execute()
      return (await toRecoveryPoints(db, rows))[0]
    },
    recoveryPointNamed: async (project, name) => {
      const rows = await db
        .selectFrom('recovery_points')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .execute()
      return (await toRecoveryPoints(db, rows))[0]
    },
    recoveryPoints: async ({ groupId }, slice) => {
      let query = db.selectFrom('recovery_points').selectAll()
      if (groupId !== undefined) query = query.where('group_id', '=', groupId)
      return toRecoveryPoints(db, await sliced(query, ['created_at_ms', 'id'], slice).execute())
    },
    diskImages: async ({ recoveryPointId, diskId }, slice) => {
      let query = db
        .selectFrom('recovery_point_disks as image')
        .innerJoin('recovery_points as point', 'point.id', 'image.recovery_point_id')
        .select(['image.recovery_point_id', 'image.disk_id', 'image.size_bytes'])
        .select(['point.grouped', 'point.created_at_ms'])
      if (recoveryPointId !== undefined) query = query.where('point.id', '=', recoveryPointId)
      if (diskId !== undefined) query = query.where('image.disk_id', '=', diskId)
      const order = ['point.created_at_ms', 'point.id', 'image.disk_id'] as const
      return (await sliced(query, order, slice).execute()).map(toDiskImage)
    },
  }
}

type ImageRow = Pick<Row<'recovery_point_disks'>, 'recovery_point_id' | 'disk_id' | 'size_bytes'>

const toImage = (row: ImageRow): RecoveryPointDisk => ({
  diskId: row.disk_id as DiskId,
  sizeBytes: BigInt(row.size_bytes),
})

const toDiskImage = (
  row: ImageRow & Pick<Row<'recovery_points'>, 'grouped' | 'created_at_ms'>,
): DiskImage => ({
  ...toImage(row),
  recoveryPointId: row.recovery_point_id as RecoveryPointId,
  grouped: toFlag(row.grouped),
  createdAt: toDate(row.created_at_ms),
})

export async function toRecoveryPoints(
  db: Kysely<Schema>,
  rows: readonly Row<'recovery_points'>[],
): Promise<RecoveryPoint[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const images = await db
    .selectFrom('recovery_point_disks')
    .selectAll()
    .where('recovery_point_id', 'in', ids)
    .orderBy('position')
    .execute()
  const disksOf = Map.groupBy(images, (image) => image.recovery_point_id)
  return rows.map((row) => ({
    id: row.id as RecoveryPointId,
    groupId: row.group_id as RecoveryPoint['groupId'],
    name: row.name,
    grouped: toFlag(row.grouped),
    disks: (disksOf.get(row.id) ?? []).map(toImage),
    createdAt: toDate(row.created_at_ms),
  }))
}

export function recoveryPointWriter(db: Kysely<Schema>): PointWriter {
  return {
    insertRecoveryPoint: async ({ id, groupId, name, grouped, disks, createdAt }) => {
      await db
        .insertInto('recovery_points')
        .values({
          ...{ id, name },
          group_id: groupId,
          project: projectOf(db, groupId),
          grouped: fromFlag(grouped),
          created_at_ms: createdAt.getTime(),
        })
        .execute()
      const images = disks.map((disk, position) => ({
        recovery_point_id: id,
        disk_id: disk.diskId,
        position,
        size_bytes: disk.sizeBytes,
      }))
      await db.insertInto('recovery_point_disks').values(images).execute()
    },
    deleteRecoveryPoint: async (id) => {
      await db.deleteFrom('recovery_points').where('id', '=', id).execute()
    },
  }
}
