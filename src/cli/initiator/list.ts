import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { INITIATOR } from '../views/initiator.ts'

/** `mooring initiator list`. */
export function initiatorList(initiator: Command, run: Run): void {
  listing(initiator.command('list'))
    .description('list initiators')
    .action(
      run(async (session, options: ListOptions) =>
        printList(session, INITIATOR, options, (page) => session.groups.listInitiators(page, session.call)),
      ),
    )
}
