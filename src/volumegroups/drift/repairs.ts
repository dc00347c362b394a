import type { Lock } from '../../journal/index.ts'
import type { Grant } from '../database.ts'
import { exportOf } from '../exports.ts'
import { type DiskId, diskOfSerial, recoveryIds, targetNameOf } from '../ids.ts'
import type { Manifests } from '../manifests.ts'
import { exclusive, initiatorLock, shared } from '../operations/parts.ts'
import type { RecordedDecision } from '../recoveries.ts'
import { carryOut } from '../recovery/reconcile.ts'
import { countsOf } from '../recovery/report.ts'
import type { GroupDrift } from '../rules/drift/data.ts'
import type { TargetDrift } from '../rules/drift/targets.ts'
import type { Facts } from '../rules/recovery/types.ts'
import { type LookParts, lookAtData, lookAtTargets } from './looks.ts'

export interface RepairParts extends LookParts {
  readonly manifests: Pick<Manifests, 'whileTrue'>
  /** Undefined, and nothing done, while an operation holds one of the locks. */
  readonly alone: <Result>(locks: readonly Lock[], work: () => Promise<Result>) => Promise<Result | undefined>
}

/**
 * Deals with one group, if it still is as it was seen, and with no operation at work on it. What is missing is not
 * served any more before anything else. Undefined when an operation has it.
 */
export async function repairGroup(parts: RepairParts, seen: GroupDrift): Promise<GroupDrift | undefined> {
  const { groupId } = seen
  const grants = await grantsIn(parts, seen)
  const points = seen.decisions.flatMap((one) =>
    'recoveryPointId' in one ? one.recoveryPointId : 'point' in one ? one.point.id : [],
  )
  const initiators = new Set(grants.map(({ initiator }) => initiatorLock(initiator.id)))
  const locks = [
    ...[groupId, ...new Set(points)].map(exclusive),
    ...diskLocks(disksIn(seen), exclusive),
    ...[...initiators].map(shared),
  ]
  return parts.alone(locks, async () => {
    let dealtWith: GroupDrift = { groupId, decisions: [], findings: [] }
    await parts.manifests.whileTrue(groupId, async () => {
      dealtWith = await change(parts, seen)
    })
    return dealtWith
  })
}

/** What was seen twice: now that no operation works on it, it is so. */
async function change(parts: RepairParts, seen: GroupDrift): Promise<GroupDrift> {
  const { groupId } = seen
  const { facts, groups } = await lookAtData(parts)
  const now = groups.find((group) => group.groupId === groupId)
  const wasSeen = new Set(seen.decisions.map(keyOf))
  const decisions = (now?.decisions ?? []).filter((one) => wasSeen.has(keyOf(one)))
  if (decisions.length === 0) return { groupId, decisions, findings: now?.findings ?? [] }
  const drift = { groupId, decisions, findings: now?.findings ?? [] }
  const gone = new Set(decisions.flatMap((one) => (one.kind === 'diskMissing' ? [one.diskId] : [])))
  for (const { attachment } of await grantsIn(parts, drift)) {
    if (gone.has(attachment.diskId)) await parts.target.revoke(attachment.targetName, attachment.lun)
  }
  const failed = await record(parts, ofGroup(facts, drift), drift)
  await serveAgain(parts, drift)
  return {
    ...drift,
    findings: drift.findings.map((one) => {
      const failure = failed.find(({ entities }) => entities[0] === one.entities[0])?.failure
      return failure ? { ...one, failure } : one
    }),
  }
}

/** One transaction, then the store, and a report of it that is kept: as at a start. */
async function record(
  { database, store, now }: RepairParts,
  facts: Facts,
  { decisions }: GroupDrift,
): Promise<readonly RecordedDecision[]> {
  const { incarnation } = await database.reader.owner()
  const report = await carryOut({ database, store }, facts, decisions, {
    ...{ id: recoveryIds.create(), at: now(), isRestored: false, counts: countsOf(decisions) },
    incarnations: { before: incarnation, after: incarnation },
  })
  return report.decisions.filter(({ failure }) => failure !== undefined)
}

/** A group of which nothing is left has no manifest to be written. */
function ofGroup(facts: Facts, { groupId, decisions }: GroupDrift): Facts {
  const isGone = decisions.some(({ kind }) => kind === 'groupMissing')
  const found = facts.found.filter(({ id, isHeadless }) => id === groupId && !isHeadless && !isGone)
  return { ...facts, found }
}

async function serveAgain(parts: RepairParts, drift: GroupDrift): Promise<void> {
  const back = new Set(drift.decisions.flatMap((one) => (one.kind === 'diskFound' ? [one.diskId] : [])))
  if (back.size === 0) return
  for (const { disk, initiator, attachment } of await grantsIn(parts, drift)) {
    if (!back.has(disk.id) || disk.dataMissingSince !== undefined) continue
    const { readOnly } = attachment
    await parts.target.grant(exportOf(parts.store, { disk, initiator, readOnly }))
  }
}

const disksIn = ({ decisions }: GroupDrift): DiskId[] =>
  decisions.flatMap((one) => ('diskId' in one ? one.diskId : 'disk' in one ? one.disk.id : []))

const grantsIn = async ({ database }: RepairParts, { groupId }: GroupDrift): Promise<readonly Grant[]> =>
  (await database.reader.grants()).filter(({ disk }) => disk.groupId === groupId)

const keyOf = (decision: GroupDrift['decisions'][number]): string =>
  [
    decision.kind,
    ...('diskId' in decision ? [decision.diskId] : []),
    ...('disk' in decision ? [decision.disk.id] : []),
    ...('recoveryPointId' in decision ? [decision.recoveryPointId] : []),
    ...('point' in decision ? [decision.point.id] : []),
    ...('thing' in decision ? Object.values(decision.thing) : []),
  ].join(' ')

/** Makes one target anew, if it still is not as it should be. Undefined when an operation works on its disks. */
export async function repairTarget(parts: RepairParts, seen: TargetDrift): Promise<TargetDrift | undefined> {
  const { targetName, wanted, served } = seen
  const serials = [...wanted, ...(served?.luns ?? [])].map(({ serial }) => serial)
  const disks = [...new Set(serials)].flatMap((serial) => diskOfSerial(serial) ?? [])
  const grants = await parts.database.reader.grants()
  const initiators = grants
    .filter(({ disk, initiator }) => targetNameOf(disk.groupId, initiator.id) === targetName)
    .map(({ initiator }) => initiator.id)
  const locks = [
    ...diskLocks(disks, shared),
    ...[...new Set(initiators)].map((id) => exclusive(initiatorLock(id))),
  ]
  return parts.alone(locks, async () => {
    const now = (await lookAtTargets(parts)).find((one) => one.targetName === targetName)
    if (now === undefined) return { targetName, wanted, served, findings: [] }
    await parts.target.remake(targetName, now.wanted)
    return now
  })
}

const diskLocks = (ids: readonly DiskId[], data: (id: string) => Lock): Lock[] =>
  [...new Set(ids)].flatMap((id) => [data(id), exclusive(`attachments of ${id}`)])
