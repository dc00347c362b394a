import { type Export, StorageError } from '../../volumegroups/index.ts'

/** The LUN, or the target, is there already for something else. Nothing was changed. */
export const wrongIdentity = ({ targetName, lun }: Export): StorageError =>
  new StorageError('IDENTITY_MISMATCH', `LUN ${lun} of ${targetName} is there already, and is not the same`)

export const unstarted = (): StorageError =>
  new StorageError('NOT_READY', 'the iSCSI target is not started, or was stopped')
