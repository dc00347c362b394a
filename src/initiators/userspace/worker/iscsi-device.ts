import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DiskState,
  IscsiError,
  type IscsiErrorCode,
  isidOf,
  ReconnectingDisk,
  type ReconnectingDiskOptions,
} from '../../../iscsi/index.ts'
import { type Reason, StorageError } from '../../../volumegroups/index.ts'
import type { SessionState, VolumeSpec } from '../volume-spec.ts'
import type { LentDevice } from './served-volume.ts'

const REASONS: Partial<Record<IscsiErrorCode, Reason>> = {
  auth_failed: 'LOGIN_REFUSED',
  not_authorized: 'LOGIN_REFUSED',
  target_not_found: 'LOGIN_REFUSED',
  login_refused: 'LOGIN_REFUSED',
  identity_mismatch: 'IDENTITY_MISMATCH',
}

/**
 * Opens a disk over iSCSI, its serial compared. Its session id follows from the disk's id, so that a worker that
 * takes over ends what is left of the session of the one before.
 */
export async function openIscsiDevice(
  volume: VolumeSpec,
  onState: (session: SessionState) => void,
  signal: AbortSignal,
): Promise<LentDevice> {
  const { portals, targetName, initiatorName, lun, serial, naa, chap, readOnly, shared } = volume
  try {
    const disk = await openPatiently({
      portals,
      targetName,
      initiatorName,
      isid: isidOf(volume.diskId),
      lun,
      expected: { serial, naa },
      chap,
      shared: shared || readOnly, // a reader leaves no write behind that a reset would have to stop
      signal,
      onState: (state) => {
        if (state.kind !== 'closed') onState(sessionOf(state))
      },
    })
    return readOnly ? asReadOnly(disk) : disk
  } catch (error) {
    if (!(error instanceof IscsiError)) throw error
    const reason = REASONS[error.code] ?? 'INITIATOR_UNAVAILABLE'
    throw new StorageError(reason, `${volume.diskId}: ${error.message}`, { cause: error })
  }
}

const PASSING: readonly IscsiErrorCode[] = ['target_busy', 'connect_failed', 'connection_lost']
const PATIENCE_MS = 3000
const RETRY_MS = 100

/** A target of which another disk just grows, or that starts again, is back in a moment: no reason to fail a call. */
async function openPatiently(options: ReconnectingDiskOptions): Promise<ReconnectingDisk> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ReconnectingDisk.open(options)
    } catch (error) {
      const isPassing = error instanceof IscsiError && PASSING.includes(error.code)
      if (!isPassing || Date.now() > deadline) throw error
      await sleep(RETRY_MS, undefined, { signal: options.signal })
    }
  }
}

function sessionOf(state: Exclude<DiskState, { kind: 'closed' }>): SessionState {
  switch (state.kind) {
    case 'online':
      return { state: 'connected', detail: '' }
    case 'reconnecting':
    case 'lun_gone':
      return { state: 'reconnecting', detail: state.error.message }
    case 'stopped':
      return { state: 'failed', detail: state.error.message }
  }
}

/** Refused here already, whatever the target thinks of it. */
function asReadOnly(disk: ReconnectingDisk): LentDevice {
  return {
    get blockSize() {
      return disk.blockSize
    },
    get sizeBytes() {
      return disk.sizeBytes
    },
    readOnly: true,
    read: (offset, into) => disk.read(offset, into),
    write: refuse,
    flush: async () => {},
    discard: refuse,
    writeZeroes: refuse,
    refreshSize: () => disk.refreshSize(),
    useCredentials: (chap) => disk.useCredentials(chap),
    abandon: (why) => disk.abandon(why),
    close: () => disk.close(),
  }
}

async function refuse(): Promise<never> {
  throw new IscsiError('write_protected', 'the disk is attached read-only')
}
