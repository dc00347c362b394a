import type { Kysely } from 'kysely'
import type {
  DiskId,
  DiskImage,
  PointTerms,
  Reader,
  RecoveryPoint,
  RecoveryPointDisk,
  RecoveryPointId,
  Transactor,
} from '../volumegroups/index.ts'
import { projectOf } from './disks.ts'
import { idAt, idsWithin } from './projects.ts'
import { fromFlag, type Row, toDate, toFlag } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type PointReader = Pick<Reader, 'recoveryPoint' | 'recoveryPointNamed' | 'recoveryPoints' | 'diskImages'>
type PointWriter = Pick<Transactor, 'insertRecoveryPoint' | 'updateRecoveryPoint' | 'deleteRecoveryPoint'>

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
        .where('project_id', '=', idAt(db, project))
        .where('name', '=', name)
        .execute()
      return (await toRecoveryPoints(db, rows))[0]
    },
    recoveryPoints: async ({ groupId, within }, slice) => {
      let query = db.selectFrom('recovery_points').selectAll()
      if (groupId !== undefined) query = query.where('group_id', '=', groupId)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      return toRecoveryPoints(db, await sliced(query, ['created_at_ms', 'id'], slice).execute())
    },
    diskImages: async ({ recoveryPointId, diskId, within }, slice) => {
      let query = db
        .selectFrom('recovery_point_disks as image')
        .innerJoin('recovery_points as point', 'point.id', 'image.recovery_point_id')
        .select(['image.recovery_point_id', 'image.disk_id', 'image.size_bytes'])
        .select(['point.grouped', 'point.created_at_ms'])
      if (recoveryPointId !== undefined) query = query.where('point.id', '=', recoveryPointId)
      if (diskId !== undefined) query = query.where('image.disk_id', '=', diskId)
      if (within !== undefined) query = query.where('point.project_id', 'in', idsWithin(db, within))
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
    reason: row.reason as RecoveryPoint['reason'],
    generation: Number(row.generation),
    expiresAt: toOptionalDate(row.expires_at_ms),
    lockedUntil: toOptionalDate(row.locked_until_ms),
    labels: JSON.parse(row.labels),
    createdAt: toDate(row.created_at_ms),
  }))
}

const toOptionalDate = (ms: bigint | null): Date | undefined => (ms === null ? undefined : toDate(ms))

const fromTerms = ({ expiresAt, lockedUntil, labels }: PointTerms) => ({
  expires_at_ms: expiresAt?.getTime() ?? null,
  locked_until_ms: lockedUntil?.getTime() ?? null,
  labels: JSON.stringify(labels),
})

export function recoveryPointWriter(db: Kysely<Schema>): PointWriter {
  return {
    insertRecoveryPoint: async ({ id, groupId, name, grouped, disks, reason, generation, ...rest }) => {
      const { createdAt, ...terms } = rest
      await db
        .insertInto('recovery_points')
        .values({
          ...{ id, name, reason, generation },
          group_id: groupId,
          project_id: projectOf(db, groupId),
          grouped: fromFlag(grouped),
          created_at_ms: createdAt.getTime(),
          ...fromTerms(terms),
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
    updateRecoveryPoint: async (id, terms) => {
      await db
        .updateTable('recovery_points')
        .set((row) => ({ ...fromTerms(terms), generation: row('generation', '+', 1n) }))
        .where('id', '=', id)
        .execute()
    },
    deleteRecoveryPoint: async (id) => {
      await db.deleteFrom('recovery_points').where('id', '=', id).execute()
    },
  }
}
