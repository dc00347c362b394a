import { createHash } from 'node:crypto'
import type { Disk, Manifest, RecoveryPoint, VolumeGroup } from '../../volumegroups/index.ts'
import { StorageError } from '../../volumegroups/index.ts'

/** The manifest as the text of its file: one line with the SHA-256 of the rest, then JSON that a person can read. */
export function encodeManifest(manifest: Manifest): string {
  const body = `${JSON.stringify(manifest, (_key, value) => (typeof value === 'bigint' ? `${value}` : value), 2)}\n`
  return `${checksumOf(body)}\n${body}`
}

/** Throws MANIFEST_DAMAGED unless the text is whole, of a known version, and of this group. */
export function decodeManifest(text: string, groupId: string): Manifest {
  try {
    const end = text.indexOf('\n')
    const body = text.slice(end + 1)
    if (text.slice(0, end) !== checksumOf(body)) throw new Error('the checksum differs')
    const manifest = parseManifest(JSON.parse(body))
    if (manifest.group.id !== groupId) throw new Error(`it is of ${manifest.group.id}`)
    return manifest
  } catch (cause) {
    throw new StorageError('MANIFEST_DAMAGED', `the manifest of ${groupId} is damaged`, {
      entity: { kind: 'volumeGroup', id: groupId },
      cause,
    })
  }
}

const checksumOf = (body: string): string => `sha256 ${createHash('sha256').update(body).digest('hex')}`

/** What JSON makes of a value: dates and sizes are strings, `undefined` fields are gone. */
type Written<Value> = Value extends Date | bigint
  ? string
  : Value extends string | number | boolean | undefined
    ? Value
    : { readonly [Key in keyof Value]: Written<Value[Key]> }

function parseManifest(written: Written<Manifest>): Manifest {
  if (written.version !== 1) throw new Error(`version ${written.version} is not known`)
  return {
    version: 1,
    group: parseGroup(written.group),
    disks: written.disks.map(parseDisk),
    recoveryPoints: written.recoveryPoints.map(parseRecoveryPoint),
  }
}

const parseGroup = (group: Written<VolumeGroup>): VolumeGroup =>
  ({ ...group, createdAt: new Date(group.createdAt) }) as VolumeGroup

const parseDisk = (disk: Written<Manifest['disks'][number]>): Omit<Disk, 'attachedTo'> =>
  ({
    ...disk,
    source: disk.source,
    sizeBytes: BigInt(disk.sizeBytes),
    createdAt: new Date(disk.createdAt),
  }) as Omit<Disk, 'attachedTo'>

/** A manifest from before recovery points had terms has none of these fields. */
const NO_TERMS = { reason: 'user', labels: {} } as const

const parseRecoveryPoint = (point: Written<RecoveryPoint>): RecoveryPoint =>
  ({
    ...NO_TERMS,
    ...point,
    expiresAt: parseOptionalDate(point.expiresAt),
    lockedUntil: parseOptionalDate(point.lockedUntil),
    disks: point.disks.map((disk) => ({ ...disk, sizeBytes: BigInt(disk.sizeBytes) })),
    createdAt: new Date(point.createdAt),
  }) as RecoveryPoint

const parseOptionalDate = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text)
