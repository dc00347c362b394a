import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { SCHEDULE } from '../views/schedule.ts'

interface Options extends ListOptions {
  readonly missed?: true
}

/** `mooring schedule list`: of all volume groups, what is due first; so what was missed longest comes first. */
export function scheduleList(schedule: Command, run: Run): void {
  listing(schedule.command('list'))
    .description('list when recovery points are due, and which were missed')
    .option('--missed', 'only those of which a recovery point is due and not made')
    .action(
      run(async (session, { missed, ...options }: Options) =>
        printList(session, SCHEDULE, options, (page) =>
          session.groups.listSchedules({ ...page, state: missed && 'missed' }, session.call),
        ),
      ),
    )
}
