import type { ChapCredentials, Export } from '../../../volumegroups/index.ts'
import type { Accounts } from './accounts.ts'
import type { Link } from './daemon.ts'
import {
  closeSessions,
  deleteEmptyTarget,
  deleteLunByForce,
  deleteLunInGap,
  type Place,
  shutDoor,
} from './fence.ts'
import { deleteLun, identifyLun, newLun, newTarget, protectLun, setState } from './requests.ts'

/** A tgtd together with what is known of its accounts. */
export interface Life {
  readonly link: Link
  readonly accounts: Accounts
  /** What is built now is not to be logged in to. */
  readonly isPaused: () => boolean
}

/** One target as it should be, and where it is in tgtd. */
export interface TargetRecord {
  readonly name: string
  readonly initiatorName: string
  chap: ChapCredentials | undefined
  readonly luns: Map<number, Export>
  /** Write-protected for now, though granted for writing. */
  readonly protected: Set<number>
  /** Revoked, but perhaps not gone from tgtd yet. */
  readonly leaving: Set<number>
  /** Where it is; another life than the present one means nowhere. */
  at: { readonly life: Life; readonly tid: number } | undefined
  /** The initiator is not admitted at the moment. */
  shut: boolean
}

export const newRecord = ({ targetName, initiatorName, chap }: Export): TargetRecord => ({
  name: targetName,
  initiatorName,
  chap,
  luns: new Map(),
  protected: new Set(),
  leaving: new Set(),
  at: undefined,
  shut: true,
})

const placeOf = ({ at }: TargetRecord): Place => ({ link: at!.life.link, tid: at!.tid })

/** Makes the whole target anew. The initiator is admitted last: it never finds a target with a LUN missing. */
export async function build(record: TargetRecord, life: Life): Promise<void> {
  const tid = life.link.nextTid()
  record.leaving.clear()
  record.shut = true
  for (const request of newTarget(tid, record.name)) {
    await life.link.call(request)
    record.at = { life, tid }
  }
  if (life.isPaused()) await life.link.call(setState(tid, 'offline'))
  await life.accounts.assign(tid, record.chap)
  for (const one of record.luns.values()) await addLun(record, one)
  await openDoor(record)
}

async function openDoor(record: TargetRecord): Promise<void> {
  const { life, tid } = record.at!
  await life.accounts.open(tid, record.initiatorName)
  record.shut = false
}

/** The LUN never stays without its identity, nor without its protection. */
export async function addLun(record: TargetRecord, one: Export): Promise<void> {
  const { link, tid } = placeOf(record)
  await link.call(newLun(tid, one))
  try {
    const readOnly = one.readOnly || record.protected.has(one.lun)
    await link.call(identifyLun(tid, { ...one, readOnly }))
  } catch (error) {
    await link.call(deleteLun(tid, one.lun))
    throw error
  }
}

/** Lets no write through any more, or as many again as the grant says. */
export async function setProtection(record: TargetRecord, one: Export, on: boolean): Promise<void> {
  const { link, tid } = placeOf(record)
  await link.call(protectLun(tid, one.lun, on || one.readOnly))
  if (on) record.protected.add(one.lun)
  else record.protected.delete(one.lun)
}

/** Makes these the target's credentials, for sessions to come. */
export async function setCredentials(record: TargetRecord, chap: ChapCredentials | undefined): Promise<void> {
  await record.at!.life.accounts.assign(record.at!.tid, chap)
  record.chap = chap
}

/**
 * Finishes what was revoked: when it returns, nothing of the leaving LUNs is under way or can come. A target without
 * LUNs goes too. If it throws, the initiator stays shut out, and the next call goes on from there.
 */
export async function settle(record: TargetRecord, timeoutMs: number): Promise<void> {
  const place = placeOf(record)
  for (const lun of record.leaving) {
    if (!(await deleteLunInGap(place, lun))) {
      record.shut = true
      record.at!.life.accounts.close(place.tid)
      await shutDoor(place, record.initiatorName)
      await deleteLunByForce(place, lun, timeoutMs)
    }
    if (record.luns.size > 0) record.leaving.delete(lun)
  }
  if (record.luns.size === 0) await retire(record, timeoutMs)
  else if (record.shut) await openDoor(record)
}

async function retire(record: TargetRecord, timeoutMs: number): Promise<void> {
  const { life, tid } = record.at!
  life.accounts.close(tid)
  await deleteEmptyTarget(placeOf(record), record.initiatorName, timeoutMs)
  record.leaving.clear()
  record.at = undefined
  await life.accounts.release(tid)
}

/** Stops serving one LUN for a while: nobody can log in and nothing is under way. */
export async function park(record: TargetRecord, lun: number, timeoutMs: number): Promise<void> {
  const place = placeOf(record)
  await place.link.call(setState(place.tid, 'offline'))
  await closeSessions(place)
  await deleteLunByForce(place, lun, timeoutMs)
}

/** Ends the parking, with the LUN if it is given. */
export async function unpark(record: TargetRecord, one: Export | undefined): Promise<void> {
  const { life, tid } = record.at!
  try {
    if (one) await addLun(record, one)
  } finally {
    if (!life.isPaused()) await life.link.call(setState(tid, 'ready'))
  }
}
