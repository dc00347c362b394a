import { type ChapCredentials, type Export, StorageError } from '../../../volumegroups/index.ts'
import { wrongIdentity } from '../refusals.ts'
import type { TargetRecord } from './projection.ts'

/** Whether an initiator that has the one could be given the other without noticing. */
export const sameLun = (a: Export, b: Export): boolean =>
  a.lun === b.lun &&
  a.backingPath === b.backingPath &&
  a.serial === b.serial &&
  a.naa === b.naa &&
  a.readOnly === b.readOnly

/** Throws IDENTITY_MISMATCH when the wanted LUN, target or CHAP account is there already for something else. */
export function checkIdentity(wanted: Export, records: ReadonlyMap<string, TargetRecord>): void {
  const record = records.get(wanted.targetName)
  const existing = record?.luns.get(wanted.lun)
  if (existing && !sameLun(existing, wanted)) throw wrongIdentity(wanted)
  if (record && record.luns.size > 0 && record.initiatorName !== wanted.initiatorName) {
    throw wrongIdentity(wanted)
  }
  for (const other of records.values()) {
    if (other.initiatorName === wanted.initiatorName || !clash(other.chap, wanted.chap)) continue
    throw new StorageError('IDENTITY_MISMATCH', 'two initiators have one CHAP user name with two secrets')
  }
}

/** tgtd has one secret for each user name. */
function clash(a: ChapCredentials | undefined, b: ChapCredentials | undefined): boolean {
  const accounts = (chap: ChapCredentials | undefined) => [chap, chap?.mutual].flatMap((pair) => pair ?? [])
  return accounts(a).some((one) =>
    accounts(b).some(({ user, secret }) => user === one.user && secret !== one.secret),
  )
}
