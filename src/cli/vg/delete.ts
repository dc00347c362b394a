import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { type GraceOptions, keeping } from '../input/deleted.ts'
import { groupIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying, naming, type ProjectOptions } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

type Options = ConfirmOptions & ProjectOptions & GraceOptions

/** `mooring vg delete <vg>`: only an empty one. */
export function vgDelete(vg: Command, run: Run): void {
  keeping(naming(destroying(vg.command('delete <vg>'))))
    .description('delete an empty volume group; it can be had again for a while')
    .action(
      run(async (session, named: string, options: Options) => {
        const id = await groupIdOf(session, named, options.project)
        await confirm(session, options, `delete volume group ${named}`)
        const work = { label: `deleting volume group ${named}`, kind: 'deleteGroup', about: id }
        await working(session, work, () =>
          session.groups.deleteGroup(id, { graceMs: options.grace }, session.call),
        )
        printDone(session, `deleted volume group ${id}`)
      }),
    )
}
