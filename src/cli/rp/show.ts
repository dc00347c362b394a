import type { Command } from 'commander'
import { type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

/** `mooring rp show <rp>`. */
export function rpShow(rp: Command, run: Run): void {
  pointNaming(rp.command('show <rp>'))
    .description('show one recovery point')
    .action(
      run(async (session, named: string, options: PointOptions) => {
        const id = await recoveryPointIdOf(session, named, options)
        await printOne(session, RECOVERY_POINT, await session.groups.getRecoveryPoint(id, session.call))
      }),
    )
}
