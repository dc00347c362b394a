import type { DriftAction, DriftKind, Finding } from '../../audits.ts'
import type { VolumeGroupId } from '../../ids.ts'
import type { Decision, DecisionKind, Facts, FoundGroup, GroupRow } from '../recovery/types.ts'

type Of<Kind extends DecisionKind> = Extract<Decision, { kind: Kind }>

/** What differs in one group, and what may be done about it while it is in use. */
export interface GroupDrift {
  readonly groupId: VolumeGroupId
  readonly decisions: readonly Decision[]
  readonly findings: readonly Finding[]
}

/**
 * Of what the table of a start decides, what can be done under a running element. Nothing older is put in the place of
 * what is missing, and no manifest is believed against the database: who has these data in use knows nothing of it.
 */
export function driftOf({ rows, found }: Facts, decisions: readonly Decision[]): readonly GroupDrift[] {
  const byGroup = Map.groupBy(decisions, groupOf)
  const known = new Map(rows.map((row) => [row.manifest.group.id, row]))
  const ids = new Set([...known.keys(), ...found.map(({ id }) => id)])
  return [...ids].flatMap((groupId) => {
    const there = found.find(({ id }) => id === groupId)
    const group = { row: known.get(groupId), found: there, decided: byGroup.get(groupId) ?? [] }
    const drift = groupDrift(groupId, group)
    return drift.findings.length > 0 ? [drift] : []
  })
}

interface Group {
  readonly row: GroupRow | undefined
  readonly found: FoundGroup | undefined
  readonly decided: readonly Decision[]
}

function groupDrift(groupId: VolumeGroupId, group: Group): GroupDrift {
  const { row, found, decided } = group
  if (decided.some(({ kind }) => kind === 'adoptGroup' || kind === 'updateGroup')) {
    return { groupId, decisions: [], findings: [newer(groupId)] }
  }
  const withheld = isWithheld(group)
  const decisions = decided
    .filter(({ kind }) => (found?.isHeadless ? HEADLESS.has(kind) : !withheld && kind in TOLD))
    .concat(found?.isHeadless && row && !row.isMissing ? [{ kind: 'groupMissing', groupId }] : [])
  const findings = decisions.map((decision) => TOLD[decision.kind]?.(decision as never) as Finding)
  return { groupId, decisions, findings: [...findings, ...standing(groupId, row, decisions)] }
}

/** What came back is believed when it says itself what it is. */
const isWithheld = ({ row, found }: Group): boolean =>
  row?.isMissing === true && found !== undefined && found.manifest.kind !== 'whole'

/** Where only the points of a group are left, it has no place for anything else. */
const HEADLESS: ReadonlySet<DecisionKind> = new Set(['diskMissing', 'dropPoint'])

/** What was missing before, and still is. */
function standing(
  groupId: VolumeGroupId,
  row: GroupRow | undefined,
  decisions: readonly Decision[],
): Finding[] {
  const back = new Set(decisions.flatMap((one) => (one.kind === 'diskFound' ? [one.diskId] : [])))
  const isBack = decisions.some(({ kind }) => kind === 'groupFound')
  const missing: string[][] = [...(row?.missingDisks ?? [])]
    .filter((id) => !back.has(id))
    .map((id) => [id, groupId])
  if (row?.isMissing && !isBack) missing.unshift([groupId])
  return missing.map((entities) => finding('dataMissing', 'reported', entities, ABSENT))
}

const ABSENT = ['the store does not have it', 'its data; until they are back it is not served'] as const
const BACK = ['the store has it again', 'served, with the same ids'] as const

const newer = (groupId: VolumeGroupId): Finding =>
  finding(
    'dataNewer',
    'reported',
    [groupId],
    [
      'the manifest is newer than the database, or the database does not know the group',
      'the same in both: the next start of the element brings them together',
    ],
  )

function finding(kind: DriftKind, action: DriftAction, entities: readonly string[], texts: Texts): Finding {
  const [found, wanted] = texts
  return { kind, action, entities, found, wanted }
}

type Texts = readonly [found: string, wanted: string]

/** What is done while a group is in use, and what it is called; all else is left to the next start. */
const TOLD: { readonly [Kind in DecisionKind]?: (decision: Of<Kind>) => Finding } = {
  groupMissing: ({ groupId }) => finding('dataMissing', 'quarantined', [groupId], ABSENT),
  diskMissing: ({ diskId, groupId }) => finding('dataMissing', 'quarantined', [diskId, groupId], ABSENT),
  groupFound: ({ groupId }) => finding('dataFound', 'repaired', [groupId], BACK),
  diskFound: ({ diskId, groupId }) => finding('dataFound', 'repaired', [diskId, groupId], BACK),
  dropPoint: ({ recoveryPointId, groupId }) =>
    finding(
      'pointMissing',
      'repaired',
      [recoveryPointId, groupId],
      ['the store does not have it', 'no row without data; adopted again when they are back'],
    ),
  adoptPoint: ({ point: { id, groupId } }) =>
    finding('pointUnknown', 'repaired', [id, groupId], ['only the store has it', 'known under the same id']),
  adoptDisk: ({ disk: { id, groupId } }) =>
    finding(
      'diskUnknown',
      'repaired',
      [id, groupId],
      ['only the store and its manifest have it', 'known under the same id'],
    ),
  extendDisk: ({ diskId, groupId, sizeBytes }) =>
    finding(
      'dataShort',
      'repaired',
      [diskId, groupId],
      ['the data are smaller than the disk', `${sizeBytes} bytes`],
    ),
  writeManifest: ({ groupId, why }) =>
    finding('manifestWrong', 'repaired', [groupId], [`the manifest: ${why}`, 'what the database says']),
  quarantine: ({ thing, why }) =>
    finding(
      'dataUnknown',
      'quarantined',
      'diskId' in thing
        ? [thing.diskId, thing.groupId]
        : 'recoveryPointId' in thing
          ? [thing.recoveryPointId, thing.groupId]
          : [thing.groupId],
      [`nothing that can be believed says what it is (${why})`, 'put aside, where only a person finds it'],
    ),
}

function groupOf(decision: Decision): VolumeGroupId | undefined {
  if ('groupId' in decision) return decision.groupId
  if ('group' in decision) return decision.group.id
  if ('disk' in decision) return decision.disk.groupId
  if ('point' in decision) return decision.point.groupId
  return 'thing' in decision ? decision.thing.groupId : undefined
}
