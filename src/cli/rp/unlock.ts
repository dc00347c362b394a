import type { Command } from 'commander'
import { type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

interface Options extends PointOptions {
  readonly why: string
}

/** `mooring rp unlock <rp> --why <reason>`: why is kept with the operation. */
export function rpUnlock(rp: Command, run: Run): void {
  pointNaming(changing(rp.command('unlock <rp>')))
    .description('lift the lock of a recovery point')
    .requiredOption('--why <reason>', 'kept with the operation')
    .action(
      run(async (session, named: string, { why, ...options }: Options) => {
        const id = await recoveryPointIdOf(session, named, options)
        const work = { label: `unlocking recovery point ${named}`, kind: 'unlockRecoveryPoint', about: id }
        const point = await working(session, work, () =>
          session.groups.unlockRecoveryPoint(id, why, session.call),
        )
        await printOne(session, RECOVERY_POINT, point)
      }),
    )
}
