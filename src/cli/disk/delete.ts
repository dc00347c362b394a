import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { diskIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying, naming, type ProjectOptions } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring disk delete <disk>`: only a detached one; its recovery points stay. */
export function diskDelete(disk: Command, run: Run): void {
  naming(destroying(disk.command('delete <disk>')))
    .description('delete a disk that is not attached; its recovery points stay')
    .action(
      run(async (session, named: string, options: ConfirmOptions & ProjectOptions) => {
        const id = await diskIdOf(session, named, options.project)
        await confirm(session, options, `delete disk ${named} and its data`)
        const work = { label: `deleting disk ${named}`, kind: 'deleteDisk', about: id }
        await working(session, work, () => session.groups.deleteDisk(id, session.call))
        printDone(session, `deleted disk ${id}`)
      }),
    )
}
