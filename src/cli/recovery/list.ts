import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { RECOVERY_SUMMARY } from '../views/recovery.ts'

/** `mooring recovery list`: oldest first. */
export function recoveryList(recovery: Command, run: Run): void {
  listing(recovery.command('list'))
    .description('list the starts at which database and data differed')
    .action(
      run(async (session, options: ListOptions) =>
        printList(session, RECOVERY_SUMMARY, options, (page) =>
          session.groups.listRecoveries(page, session.call),
        ),
      ),
    )
}
