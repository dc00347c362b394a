import type { Command } from 'commander'
import type { RecoveryPoint } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { diskIdOf, groupIdOf } from '../input/names.ts'
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
        const make = await imageOf(session, name, options)
        const work = {
          label: `making recovery point ${name}`,
          kind: 'createRecoveryPoint',
          about: make.about,
        }
        await printOne(session, RECOVERY_POINT, await working(session, work, make.call))
      }),
    )
}

interface Making {
  readonly about: string | undefined
  readonly call: () => Promise<RecoveryPoint>
}

/** Of a whole group, or of the disks that are named. */
async function imageOf(session: Session, name: string, { vg, disk = [], project }: Options): Promise<Making> {
  const { groups, call } = session
  if ((vg === undefined) === (disk.length === 0)) {
    throw new UsageError('say what it is of: either --vg, or --disk once or more')
  }
  if (vg !== undefined) {
    const groupId = await groupIdOf(session, vg, project)
    return { about: groupId, call: () => groups.createGroupPoint({ name, groupId }, call) }
  }
  const diskIds = await Promise.all(disk.map((named) => diskIdOf(session, named, project)))
  const spec = { name, diskIds, grouped: diskIds.length > 1 }
  return { about: diskIds[0], call: () => groups.createRecoveryPoint(spec, call) }
}
