import type { Credentialed, Grant } from './database.ts'
import { naaOf, serialOf, targetNameOf } from './ids.ts'
import type { Export, Store } from './ports.ts'
import type { Disk } from './types.ts'

/** What a target needs in order to show the disk to the initiator; all of it follows from ids and the database. */
export function exportOf(
  store: Store,
  {
    disk,
    initiator,
    readOnly,
  }: { disk: Omit<Disk, 'attachedTo'>; initiator: Credentialed; readOnly: boolean },
): Export {
  return {
    targetName: targetNameOf(disk.groupId, initiator.id),
    initiatorName: initiator.name,
    chap: initiator.chap,
    lun: disk.lun,
    backingPath: store.backingPath(disk.groupId, disk.id),
    serial: serialOf(disk.id),
    naa: naaOf(disk.id),
    readOnly,
  }
}

/** What there are data for. */
export const exportsOf = (store: Store, grants: readonly Grant[]): Export[] =>
  grants
    .filter(({ disk }) => disk.dataMissingSince === undefined)
    .map(({ disk, initiator, attachment: { readOnly } }) => exportOf(store, { disk, initiator, readOnly }))
