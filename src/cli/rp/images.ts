import type { Command } from 'commander'
import { diskIdOf, type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { DISK_IMAGE } from '../views/recovery-point.ts'

interface Options extends ListOptions, PointOptions {
  readonly rp?: string
  readonly disk?: string
}

/** `mooring rp images`: the images of single disks, in which CSI snapshots are counted. */
export function rpImages(rp: Command, run: Run): void {
  pointNaming(listing(rp.command('images')))
    .description('list the images of single disks in recovery points')
    .option('--rp <rp>', 'only those of this recovery point')
    .option('--disk <disk>', 'only those of this disk')
    .action(
      run(async (session, { rp, disk, ...options }: Options) => {
        const recoveryPointId = rp === undefined ? undefined : await recoveryPointIdOf(session, rp, options)
        const diskId = disk === undefined ? undefined : await diskIdOf(session, disk, options.project)
        await printList(session, DISK_IMAGE, options, (page) =>
          session.groups.listDiskImages({ ...page, recoveryPointId, diskId }, session.call),
        )
      }),
    )
}
