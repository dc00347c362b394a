import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { vgIdFrom } from '../input/deleted.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring vg purge <id>`: only a deleted one; nothing brings it back. */
export function vgPurge(vg: Command, run: Run): void {
  destroying(vg.command('purge <id>'))
    .description('delete for good a volume group that was deleted, without waiting')
    .action(
      run(async (session, text: string, options: ConfirmOptions) => {
        const id = vgIdFrom(text)
        await confirm(session, options, `delete volume group ${id} for good`)
        const work = { label: `purging volume group ${id}`, kind: 'purgeDeleted', about: id }
        await working(session, work, () => session.groups.purgeDeleted(id, session.call))
        printDone(session, `purged volume group ${id}`)
      }),
    )
}
