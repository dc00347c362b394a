import type { Reader } from './database.ts'
import { StorageError } from './errors.ts'
import { naaOf, serialOf } from './ids.ts'
import { notFound, refuseMissing } from './operations/index.ts'
import type { Target, VolumeGroups } from './ports.ts'
import { pageOf } from './rules/pages.ts'
import { seen } from './scope.ts'
import type { Disk, Project, RecoveryPoint, Token, VolumeGroup } from './types.ts'

type Gets =
  | 'getProject'
  | ('getGroup' | 'getDisk' | 'getRecoveryPoint' | 'getInitiator' | 'getOperation')
  | 'connection'
type Lists =
  | ('listGroups' | 'listDisks' | 'listRecoveryPoints' | 'listDiskImages')
  | 'listDeleted'
  | ('listInitiators' | 'listAttachments' | 'listOperations' | 'listProjects' | 'listTokens')

export interface GetParts {
  readonly reader: Reader
  readonly target: Target
  /** Throws unless the element may hand out what opens a granted disk. */
  readonly vouch: () => void
}

/** Single entities, and how to reach an attached disk. */
export function gets({ reader, target, vouch }: GetParts): Pick<VolumeGroups, Gets> {
  return {
    getProject: async (id) => (await reader.project(id)) ?? thrown(notFound({ kind: 'project', id })),
    getGroup: async (id) => (await reader.group(id)) ?? thrown(notFound({ kind: 'volumeGroup', id })),
    getDisk: async (id) => (await reader.disk(id)) ?? thrown(notFound({ kind: 'disk', id })),
    getRecoveryPoint: async (id) =>
      (await reader.recoveryPoint(id)) ?? thrown(notFound({ kind: 'recoveryPoint', id })),
    getOperation: async (id) => (await reader.operation(id)) ?? thrown(notFound({ kind: 'operation', id })),
    getInitiator: async (id) => {
      const found = (await reader.initiator(id)) ?? thrown(notFound({ kind: 'initiator', id }))
      const { chap: _, ...initiator } = found
      return initiator
    },
    connection: async (diskId, initiatorId) => {
      vouch()
      const grants = await reader.grants(diskId)
      const found = grants.find(({ initiator }) => seen(reader, initiator) === initiatorId)
      const { attachment, disk, initiator } = found ?? thrown(notAttached(diskId, initiatorId))
      refuseMissing('disk', disk)
      const { targetName, lun, readOnly, shared, grantedAt } = attachment
      return {
        ...{ diskId, targetName, lun, readOnly, shared, grantedAt },
        initiatorName: initiator.name,
        portals: target.portals(),
        serial: serialOf(diskId),
        naa: naaOf(diskId),
        sizeBytes: disk.sizeBytes,
        chap: initiator.chap,
      }
    },
  }
}

const thrown = (error: Error): never => {
  throw error
}

const notAttached = (diskId: string, initiatorId: string): StorageError =>
  new StorageError('ATTACHMENT_NOT_FOUND', `disk ${diskId} is not attached to ${initiatorId}`, {
    entity: { kind: 'attachment', id: `${diskId}/${initiatorId}` },
  })

const byCreation = ({ createdAt, id }: Project | Token | VolumeGroup | Disk | RecoveryPoint) => ({
  atMs: createdAt.getTime(),
  keys: [id],
})

/** Everything comes in the order in which it was made. */
export function lists(reader: Reader): Pick<VolumeGroups, Lists> {
  return {
    listProjects: (query = {}) =>
      pageOf(query, {
        name: 'projects',
        cursorOf: byCreation,
        read: (slice) => reader.projects(query, slice),
      }),
    listTokens: (query = {}) =>
      pageOf(query, {
        name: 'tokens',
        cursorOf: byCreation,
        read: (slice) => reader.tokens({}, slice),
      }),
    listGroups: (query = {}) =>
      pageOf(query, {
        name: 'groups',
        cursorOf: byCreation,
        read: (slice) => reader.groups(query, slice),
      }),
    listDisks: (query = {}) =>
      pageOf(query, { name: 'disks', cursorOf: byCreation, read: (slice) => reader.disks(query, slice) }),
    listRecoveryPoints: (query = {}) =>
      pageOf(query, {
        name: 'recoveryPoints',
        cursorOf: byCreation,
        read: (slice) => reader.recoveryPoints(query, slice),
      }),
    listDiskImages: (query = {}) =>
      pageOf(query, {
        name: 'diskImages',
        cursorOf: (image) => ({
          atMs: image.createdAt.getTime(),
          keys: [image.recoveryPointId, image.diskId],
        }),
        read: (slice) => reader.diskImages(query, slice),
      }),
    ...deletedReads(reader),
    listInitiators: (query = {}) =>
      pageOf(query, {
        name: 'initiators',
        cursorOf: ({ registeredAt, id }) => ({ atMs: registeredAt.getTime(), keys: [id] }),
        read: (slice) => reader.initiators({}, slice),
      }),
    listAttachments: (query = {}) =>
      pageOf(query, {
        name: 'attachments',
        cursorOf: (one) => ({ atMs: one.grantedAt.getTime(), keys: [one.diskId, one.initiatorId] }),
        read: (slice) => reader.attachments(query, slice),
      }),
    listOperations: (query = {}) =>
      pageOf(query, {
        name: 'operations',
        cursorOf: ({ startedAt, id }) => ({ atMs: startedAt.getTime(), keys: [id] }),
        read: (slice) => reader.operations(query, slice),
      }),
  }
}

const deletedReads = (reader: Reader): Pick<VolumeGroups, 'listDeleted'> => ({
  listDeleted: (query = {}) =>
    pageOf(query, {
      name: 'deleted',
      cursorOf: ({ deletedAt, id }) => ({ atMs: deletedAt.getTime(), keys: [id] }),
      read: (slice) => reader.deletedThings(query, slice),
    }),
})
