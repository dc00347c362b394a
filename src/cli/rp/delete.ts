import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring rp delete <rp>`. */
export function rpDelete(rp: Command, run: Run): void {
  pointNaming(destroying(rp.command('delete <rp>')))
    .description('delete a recovery point')
    .action(
      run(async (session, named: string, options: ConfirmOptions & PointOptions) => {
        const id = await recoveryPointIdOf(session, named, options)
        await confirm(session, options, `delete recovery point ${named}`)
        const work = { label: `deleting recovery point ${named}`, kind: 'deleteRecoveryPoint', about: id }
        await working(session, work, () => session.groups.deleteRecoveryPoint(id, session.call))
        printDone(session, `deleted recovery point ${id}`)
      }),
    )
}
