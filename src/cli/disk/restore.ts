import type { Command } from 'commander'
import type { DiskSource } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { diskIdOf, recoveryPointIdOf } from '../input/names.ts'
import { makeDisk, makingDisk, type NewDiskOptions } from '../input/new-disk.ts'
import type { Run } from '../run.ts'
import type { Session } from '../session.ts'

interface Options extends NewDiskOptions {
  readonly disk?: string
  readonly from?: string
}

/** `mooring disk restore <rp> <name>`: makes a disk with what a disk held at the recovery point. */
export function diskRestore(disk: Command, run: Run): void {
  makingDisk(disk.command('restore <rp> <name>'))
    .description('make a disk from its image in a recovery point')
    .option('--from <vg>', 'the volume group in which the recovery point’s name is looked up')
    .option('--disk <disk>', 'which disk of the recovery point, if it has several')
    .action(
      run(async (session, point: string, name: string, options: Options) =>
        makeDisk(session, options, { name, source: await sourceOf(session, point, options) }),
      ),
    )
}

async function sourceOf(session: Session, point: string, options: Options): Promise<DiskSource> {
  const recoveryPointId = await recoveryPointIdOf(session, point, {
    vg: options.from,
    project: options.project,
  })
  if (options.disk !== undefined) {
    const diskId = await diskIdOf(session, options.disk, options.project)
    return { kind: 'recoveryPoint', recoveryPointId, diskId }
  }
  const { disks } = await session.groups.getRecoveryPoint(recoveryPointId, session.call)
  const [only, another] = disks
  if (only === undefined || another !== undefined) {
    const ids = disks.map(({ diskId }) => diskId).join(', ')
    throw new UsageError(`the recovery point has ${disks.length} disks: name one with --disk (${ids})`)
  }
  return { kind: 'recoveryPoint', recoveryPointId, diskId: only.diskId }
}
