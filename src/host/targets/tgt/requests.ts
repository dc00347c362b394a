import { type Export, StorageError } from '../../../volumegroups/index.ts'
import type { TgtRequest } from './ipc.ts'

/** Every request that this target makes of tgtd, as data. */

/** tgtd cuts parameters at commas and has no way to quote one. */
function plain(value: string): string {
  if (!/[,\0\n]/.test(value)) return value
  throw new StorageError(
    'INVALID_ARGUMENT',
    'the iSCSI target can not take a path or name with a comma in it',
  )
}

/** tgtd's own are small and slow (RFC 7143 §13); these are what it can do at most with sense. */
const SESSION_PARAMETERS = [
  'InitialR2T=No',
  'ImmediateData=Yes',
  'FirstBurstLength=262144',
  'MaxBurstLength=1048576',
  'MaxRecvDataSegmentLength=262144',
  'MaxXmitDataSegmentLength=262144',
  'MaxOutstandingR2T=1',
  'MaxQueueCmd=128',
  'nop_interval=5',
  'nop_count=3',
] as const

export const newTarget = (tid: number, name: string): readonly TgtRequest[] => [
  { mode: 'target', op: 'new', tid, parameters: `targetname=${plain(name)}` },
  ...SESSION_PARAMETERS.map((parameters): TgtRequest => ({ mode: 'target', op: 'update', tid, parameters })),
]

export const deleteTarget = (tid: number): TgtRequest => ({ mode: 'target', op: 'delete', tid })

export const showTargets: TgtRequest = { mode: 'target', op: 'show' }

/** While it is offline nobody can log in; sessions that are open stay so. */
export const setState = (tid: number, state: 'offline' | 'ready'): TgtRequest => ({
  mode: 'target',
  op: 'update',
  tid,
  parameters: `state=${state}`,
})

/** By name only: tgtd lets in whom the name *or* an address admits, so an address is never bound. */
export const admit = (tid: number, initiatorName: string): TgtRequest => ({
  mode: 'target',
  op: 'bind',
  tid,
  parameters: `initiator-name=${plain(initiatorName)}`,
})

export const shutOut = (tid: number, initiatorName: string): TgtRequest => ({
  ...admit(tid, initiatorName),
  op: 'unbind',
})

/** The host's page cache is the disk's write cache, as the LUN says (WCE=1); SYNCHRONIZE CACHE is an fdatasync. */
export const newLun = (tid: number, { lun, backingPath }: Export): TgtRequest => ({
  mode: 'lun',
  op: 'new',
  tid,
  lun,
  parameters: `path=${plain(backingPath)},bstype=rdwr`,
})

export const identifyLun = (tid: number, one: Export): TgtRequest => ({
  mode: 'lun',
  op: 'update',
  tid,
  lun: one.lun,
  parameters: [
    `scsi_sn=${plain(one.serial)}`,
    `scsi_id=${plain(one.naa)}`,
    'vendor_id=MOORING',
    'product_id=DISK',
    'product_rev=0001',
    'thin_provisioning=1',
    `readonly=${one.readOnly ? 1 : 0}`,
  ].join(','),
})

/** Sessions that are open heed it with their next command. */
export const protectLun = (tid: number, lun: number, readOnly: boolean): TgtRequest => ({
  mode: 'lun',
  op: 'update',
  tid,
  lun,
  parameters: `readonly=${readOnly ? 1 : 0}`,
})

export const deleteLun = (tid: number, lun: number): TgtRequest => ({ mode: 'lun', op: 'delete', tid, lun })

export const showConnections = (tid: number): TgtRequest => ({ mode: 'connection', op: 'show', tid })

export const closeConnection = (tid: number, session: bigint, connection: number): TgtRequest => ({
  mode: 'connection',
  op: 'delete',
  tid,
  session,
  connection,
})

export const newAccount = (user: string, secret: string): TgtRequest => ({
  mode: 'account',
  op: 'new',
  parameters: `user=${plain(user)},password=${plain(secret)}`,
})

export const deleteAccount = (user: string): TgtRequest => ({
  mode: 'account',
  op: 'delete',
  parameters: `user=${plain(user)}`,
})

export const bindAccount = (tid: number, user: string, outgoing: boolean): TgtRequest => ({
  mode: 'account',
  op: 'bind',
  tid,
  outgoing,
  parameters: `user=${plain(user)}`,
})

export const unbindAccount = (tid: number, user: string, outgoing: boolean): TgtRequest => ({
  ...bindAccount(tid, user, outgoing),
  op: 'unbind',
})

export const showAccounts: TgtRequest = { mode: 'account', op: 'show' }
export const showPortals: TgtRequest = { mode: 'portal', op: 'show' }
export const showSystem: TgtRequest = { mode: 'system', op: 'show' }
