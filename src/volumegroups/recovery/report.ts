import { asStorageError } from '../errors.ts'
import { MAX_RECORDED_DECISIONS } from '../limits.ts'
import type { RecordedDecision } from '../recoveries.ts'
import type { Decision, DecisionKind } from '../rules/recovery/types.ts'

type Of<Kind extends DecisionKind> = Extract<Decision, { kind: Kind }>
type Told = readonly [detail: string, ...entities: string[]]

/** What each decision says of itself. */
const TOLD: { readonly [Kind in DecisionKind]: (decision: Of<Kind>) => Told } = {
  adoptGroup: ({ group: { id, name } }) => [`group "${name}" was known to its manifest alone: adopted`, id],
  adoptDisk: ({ disk: { id, name, groupId } }) => [
    `disk "${name}" was known to the manifest alone: adopted`,
    id,
    groupId,
  ],
  adoptPoint: ({ point: { id, name, groupId } }) => [
    `recovery point "${name}" was known to the store alone: adopted`,
    id,
    groupId,
  ],
  updateGroup: ({ group: { id, generation } }) => [
    `the manifest is of a later generation, ${generation}: what it says holds`,
    id,
  ],
  updateDisk: ({ disk: { id, groupId } }) => ['the manifest is newer: what it says holds', id, groupId],
  updatePoint: ({ point: { id, groupId } }) => ['the manifest is newer: its terms hold', id, groupId],
  dropDisk: ({ diskId, groupId }) => ['the manifest is newer and lacks it: it was deleted', diskId, groupId],
  dropPoint: ({ recoveryPointId, groupId }) => ['the store does not have it', recoveryPointId, groupId],
  placeProject: ({ project: { id, path }, isNew }) => [
    isNew ? `made anew as ${path}, where manifests say it is` : `a manifest is newer: it is ${path}`,
    id,
  ],
  adoptPolicy: ({ policy: { id, name } }) => [`policy "${name}" is as a manifest says`, id],
  adoptSettings: ({ on }) => ['the policies set on it are those that a manifest says', on],
  finishOperation: ({ operationId }) => [
    'a manifest tells that it came to its end: it is not undone',
    operationId,
  ],
  writeManifest: ({ groupId, why }) => [`${MANIFEST_FAULTS[why]}: written from the database`, groupId],
  extendDisk: ({ diskId, groupId, sizeBytes }) => [
    `the data are smaller than the disk: grown to ${sizeBytes} bytes`,
    diskId,
    groupId,
  ],
  deleteDisk: ({ deleted: { disk, restorableUntil } }) => [
    `the manifest says that it was deleted: restorable until ${restorableUntil.toISOString()}`,
    ...([disk.id, disk.groupId] as const),
  ],
  deleteGroup: ({ group: { id }, deletion: { restorableUntil } }) => [
    `the manifest says that it was deleted: restorable until ${restorableUntil.toISOString()}`,
    id,
  ],
  undeleteDisk: ({ disk: { id, groupId } }) => ['the manifest is newer: it was undeleted', id, groupId],
  undeleteGroup: ({ group: { id } }) => ['the manifest is newer: it was undeleted', id],
  dropDeleted: ({ diskId, groupId }) => ['it was deleted, and is gone for good', diskId, groupId],
  groupMissing: ({ groupId }) => ['the store does not have it: not served', groupId],
  diskMissing: ({ diskId, groupId }) => ['the store does not have it: not served', diskId, groupId],
  groupFound: ({ groupId }) => ['the store has it again', groupId],
  diskFound: ({ diskId, groupId }) => ['the store has it again', diskId, groupId],
  remakeGroup: ({ groupId }) => ['only its recovery points were left: made anew', groupId],
  restoreDisk: ({ diskId, groupId, from }) => [
    `given back from the newest recovery point that has it, ${from}`,
    ...([diskId, groupId, from] as const),
  ],
  quarantine: ({ thing, why }) => [
    `${QUARANTINE_CAUSES[why]}: put aside`,
    thing.kind === 'disk'
      ? thing.diskId
      : thing.kind === 'recoveryPoint'
        ? thing.recoveryPointId
        : thing.groupId,
    thing.groupId,
  ],
}

const MANIFEST_FAULTS: Record<Of<'writeManifest'>['why'], string> = {
  older: 'the manifest is of an earlier generation',
  damaged: 'the manifest is damaged',
  none: 'there is no manifest',
  foreign: 'the manifest is of another element',
  differs: 'the manifest says something else',
}

const QUARANTINE_CAUSES: Record<Of<'quarantine'>['why'], string> = {
  damaged: 'not known, and its manifest is damaged',
  none: 'not known, and it has no manifest',
  foreign: 'not known, and its manifest is of another element',
  stray: 'neither the database nor a manifest knows it',
}

/** The decisions as they are kept. */
export function recorded(
  decisions: readonly Decision[],
  failureOf: (decision: Decision) => unknown,
): RecordedDecision[] {
  return decisions.slice(0, MAX_RECORDED_DECISIONS).map((decision): RecordedDecision => {
    const [detail, ...entities] = TOLD[decision.kind](decision as never)
    const error = failureOf(decision)
    if (error === undefined) return { kind: decision.kind, entities, detail }
    const { reason, message } = asStorageError(error)
    return { kind: decision.kind, entities, detail, failure: { reason, message } }
  })
}

export function countsOf(decisions: readonly Decision[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of decisions) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
