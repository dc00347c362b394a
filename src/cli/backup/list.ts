import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { BACKUP } from '../views/backup.ts'

/** `mooring backup list`: oldest first. */
export function backupList(backup: Command, run: Run): void {
  listing(backup.command('list'))
    .description('list the backups that are kept')
    .action(
      run(async (session, options: ListOptions) =>
        printList(session, BACKUP, options, (page) => session.groups.listBackups(page, session.call)),
      ),
    )
}
