import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { diskIdFrom } from '../input/deleted.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring disk purge <id>`: only a deleted one; nothing brings it back. */
export function diskPurge(disk: Command, run: Run): void {
  destroying(disk.command('purge <id>'))
    .description('delete for good a disk that was deleted, without waiting')
    .action(
      run(async (session, text: string, options: ConfirmOptions) => {
        const id = diskIdFrom(text)
        await confirm(session, options, `delete disk ${id} for good`)
        const work = { label: `purging disk ${id}`, kind: 'purgeDeleted', about: id }
        await working(session, work, () => session.groups.purgeDeleted(id, session.call))
        printDone(session, `purged disk ${id}`)
      }),
    )
}
