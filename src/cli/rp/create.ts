import type { Command } from 'commander'
import type { DiskId } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { diskIdOf, diskIdsIn, groupIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { collect } from '../input/parse.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import type { Session } from '../session.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

interface Options extends ProjectOptions {
  readonly vg?: string
  readonly disk?: readonly string[]
}

/** `mooring rp create <name>`: all disks of a volume group, or some of them, at one instant. */
export function rpCreate(rp: Command, run: Run): void {
  naming(changing(rp.command('create <name>')))
    .description('take an image of disks of one volume group at one instant')
    .option('--vg <vg>', 'all disks of this volume group')
    .option('--disk <disk>', 'this disk; can be repeated', collect)
    .action(
      run(async (session, name: string, options: Options) => {
        const diskIds = await disksOf(session, options)
        const spec = { name, diskIds, grouped: diskIds.length > 1 }
        const work = {
          label: `making recovery point ${name}`,
          kind: 'createRecoveryPoint',
          about: diskIds[0],
        }
        const point = await working(session, work, () =>
          session.groups.createRecoveryPoint(spec, session.call),
        )
        await printOne(session, RECOVERY_POINT, point)
      }),
    )
}

async function disksOf(session: Session, { vg, disk, project }: Options): Promise<readonly DiskId[]> {
  if ((vg === undefined) === (disk === undefined)) {
    throw new UsageError('say what it is of: either --vg, or --disk once or more')
  }
  if (vg !== undefined) return diskIdsIn(session, await groupIdOf(session, vg, project))
  return Promise.all((disk ?? []).map((named) => diskIdOf(session, named, project)))
}
