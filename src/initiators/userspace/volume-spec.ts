import {
  type ChapCredentials,
  type Connection,
  type DiskId,
  diskIds,
  type Portal,
} from '../../volumegroups/index.ts'

/** What a worker needs to reach a disk. Holds secrets: it is kept in memory and sent over private channels only. */
export type VolumeSpec = Omit<Connection, 'sizeBytes' | 'grantedAt'> & {
  /** RFC 3339. A disk that was granted anew is another one to whoever has it from before. */
  readonly grantedAt: string
}

/** How a disk's session is. `failed` is for good: the disk is another one, or was abandoned; all I/O gets an error. */
export interface SessionState {
  readonly state: 'connected' | 'reconnecting' | 'failed'
  readonly detail: string
}

const MAX_PORTALS = 16
const MAX_TEXT = 1024

export function volumeSpecOf(connection: Connection): VolumeSpec {
  const { sizeBytes: _, grantedAt, ...spec } = connection
  return { ...spec, grantedAt: grantedAt.toISOString() }
}

/** A spec as it came over a socket. Throws a TypeError that names the field, never its value. */
export function parseVolumeSpec(value: unknown): VolumeSpec {
  const field = fieldsOf(value, 'volume')
  return {
    diskId: parseDiskId(field.diskId),
    initiatorName: textOf(field.initiatorName, 'initiatorName'),
    targetName: textOf(field.targetName, 'targetName'),
    portals: parsePortals(field.portals),
    lun: countOf(field.lun, 'lun', 16_383),
    serial: textOf(field.serial, 'serial'),
    naa: textOf(field.naa, 'naa'),
    readOnly: field.readOnly === true,
    shared: field.shared === true,
    grantedAt: textOf(field.grantedAt, 'grantedAt'),
    chap: field.chap === undefined ? undefined : parseChap(field.chap),
  }
}

/** Also keeps anything that is not an id from becoming part of a path. */
export function parseDiskId(value: unknown): DiskId {
  const text = textOf(value, 'diskId')
  if (!diskIds.is(text)) throw new TypeError('diskId is not the id of a disk')
  return text
}

function parsePortals(value: unknown): readonly Portal[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_PORTALS) {
    throw new TypeError(`portals is not a list of 1 to ${MAX_PORTALS}`)
  }
  return value.map((portal) => {
    const field = fieldsOf(portal, 'portals')
    return {
      address: textOf(field.address, 'address'),
      port: countOf(field.port, 'port', 65_535),
      groupTag: countOf(field.groupTag, 'groupTag', 65_535),
    }
  })
}

function parseChap(value: unknown): ChapCredentials {
  const field = fieldsOf(value, 'chap')
  const pair = { user: textOf(field.user, 'user'), secret: textOf(field.secret, 'secret') }
  if (field.mutual === undefined) return pair
  const mutual = fieldsOf(field.mutual, 'mutual')
  return {
    ...pair,
    mutual: { user: textOf(mutual.user, 'user'), secret: textOf(mutual.secret, 'secret') },
  }
}

export function fieldsOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} is not an object`)
  }
  return value as Record<string, unknown>
}

export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) return value
  throw new TypeError(`${name} is not a text of 1 to ${MAX_TEXT} characters`)
}

function countOf(value: unknown, name: string, max: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return value as number
  throw new TypeError(`${name} is not a number from 0 to ${max}`)
}
