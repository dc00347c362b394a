import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { type GraceOptions, keeping } from '../input/deleted.ts'
import { diskIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying, naming, type ProjectOptions } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

type Options = ConfirmOptions & ProjectOptions & GraceOptions

/** `mooring disk delete <disk>`: only a detached one; its recovery points stay. */
export function diskDelete(disk: Command, run: Run): void {
  keeping(naming(destroying(disk.command('delete <disk>'))))
    .description('delete a disk that is not attached; it can be had again for a while')
    .action(
      run(async (session, named: string, options: Options) => {
        const id = await diskIdOf(session, named, options.project)
        await confirm(session, options, `delete disk ${named}`)
        const work = { label: `deleting disk ${named}`, kind: 'deleteDisk', about: id }
        await working(session, work, () =>
          session.groups.deleteDisk(id, { graceMs: options.grace }, session.call),
        )
        printDone(session, `deleted disk ${id}`)
      }),
    )
}
