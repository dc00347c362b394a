import type {
  DeletedDisk,
  Manifest,
  ManifestDisk,
  PolicyAssignment,
  PoolOwner,
  Project,
  RecoveryPoint,
} from '../../volumegroups/index.ts'
import { projectIdFor, StorageError } from '../../volumegroups/index.ts'
import { ancestryOf } from '../../volumegroups/policies/effective.ts'
import { decodeSummed, encodeSummed, type Written } from './summed-text.ts'

/** The manifest as the text of its file. */
export const encodeManifest = (manifest: Manifest): string => encodeSummed(manifest)

/** Throws MANIFEST_DAMAGED unless the text is whole, of a known version, and of this group. */
export function decodeManifest(text: string, groupId: string): Manifest {
  try {
    const manifest = parseManifest(decodeSummed<Manifest>(text))
    if (manifest.group.id !== groupId) throw new Error(`it is of ${manifest.group.id}`)
    return manifest
  } catch (cause) {
    throw new StorageError('MANIFEST_DAMAGED', `the manifest of ${groupId} is damaged`, {
      entity: { kind: 'volumeGroup', id: groupId },
      cause,
    })
  }
}

/** Whose the pool is, as the text of its file. */
export const encodeOwner = (owner: PoolOwner): string => encodeSummed(owner)

export function decodeOwner(text: string): PoolOwner {
  try {
    const { elementId, incarnation } = decodeSummed<PoolOwner>(text)
    return { elementId, incarnation }
  } catch (cause) {
    throw new StorageError('MANIFEST_DAMAGED', 'what says whose the pool is is damaged', { cause })
  }
}

function parseManifest(written: Written<Manifest>): Manifest {
  const version: number = written.version
  if (version !== 1 && version !== 2) throw new Error(`version ${version} is not known`)
  const group = parseGroup(written.group)
  const { elementId, projects, policySettings, policies } =
    version === 1 ? unsaidInVersion1(group) : parseSurroundings(written)
  return {
    ...{ version: 2, elementId, group, projects },
    disks: written.disks.map(parseDisk),
    recoveryPoints: written.recoveryPoints.map(parseRecoveryPoint),
    ...(written.deletedDisks && { deletedDisks: written.deletedDisks.map(parseDeletedDisk) }),
    ...(written.deletion && { deletion: parseGroupDeletion(written.deletion) }),
    ...{ policySettings, policies },
  }
}

type Surroundings = Pick<Manifest, 'elementId' | 'projects' | 'policySettings' | 'policies'>

function parseSurroundings({
  elementId,
  projects,
  policySettings,
  policies,
}: Written<Manifest>): Surroundings {
  return {
    elementId,
    projects: projects.map(withCreation) as Project[],
    policySettings: policySettings.map(
      ({ setAt, ...setting }) => ({ ...setting, setAt: new Date(setAt) }) as PolicyAssignment,
    ),
    policies: policies.map((policy) => withCreation(policy) as unknown as Manifest['policies'][number]),
  }
}

/** Projects had no ids in it: those that have to be made get the same ones from every such manifest. */
const unsaidInVersion1 = ({ project, createdAt }: Manifest['group']): Surroundings => ({
  elementId: undefined,
  projects: ancestryOf(project)
    .toReversed()
    .map((path) => ({ id: projectIdFor(path), path, generation: 0, createdAt })),
  policySettings: [],
  policies: [],
})

const withCreation = <Item extends { readonly createdAt: string }>(item: Item) => ({
  ...item,
  createdAt: new Date(item.createdAt),
})

/** A group from before there were labels has none. */
const NO_LABELS: object = { labels: {} }
const parseGroup = (group: Written<Manifest['group']>): Manifest['group'] =>
  ({ ...NO_LABELS, ...withCreation(group) }) as Manifest['group']

const parseDisk = (disk: Written<ManifestDisk>): ManifestDisk =>
  ({
    ...withCreation(disk),
    source: disk.source,
    sizeBytes: BigInt(disk.sizeBytes),
  }) as ManifestDisk

const parseDeletion = <Item extends { readonly deletedAt: string; readonly restorableUntil: string }>(
  item: Item,
) => ({ ...item, deletedAt: new Date(item.deletedAt), restorableUntil: new Date(item.restorableUntil) })

const parseDeletedDisk = (deleted: Written<DeletedDisk>): DeletedDisk =>
  ({ ...parseDeletion(deleted), disk: parseDisk(deleted.disk) }) as DeletedDisk

const parseGroupDeletion = (
  deletion: Written<NonNullable<Manifest['deletion']>>,
): NonNullable<Manifest['deletion']> =>
  ({
    ...parseDeletion(deletion),
    settings: deletion.settings.map(({ setAt, ...setting }) => ({ ...setting, setAt: new Date(setAt) })),
  }) as NonNullable<Manifest['deletion']>

/** A manifest from before recovery points had terms has none of these fields. */
const NO_TERMS = { reason: 'user', labels: {}, generation: 1 } as const

const parseRecoveryPoint = (point: Written<RecoveryPoint>): RecoveryPoint =>
  ({
    ...NO_TERMS,
    ...withCreation(point),
    expiresAt: parseOptionalDate(point.expiresAt),
    lockedUntil: parseOptionalDate(point.lockedUntil),
    disks: point.disks.map((disk) => ({ ...disk, sizeBytes: BigInt(disk.sizeBytes) })),
  }) as RecoveryPoint

const parseOptionalDate = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text)
