import type { Command } from 'commander'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { BACKUP } from '../views/backup.ts'

/** `mooring backup create`: on the element's machine, where it keeps its backups. */
export function backupCreate(backup: Command, run: Run): void {
  changing(backup.command('create'))
    .description('make a checked copy of the element’s database, where the element keeps its backups')
    .action(
      run(async (session) => printOne(session, BACKUP, await session.groups.createBackup(session.call))),
    )
}
