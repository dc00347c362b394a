import type { Command } from 'commander'
import { groupIdOf } from '../input/names.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly vg?: string
}

/** `mooring rp list`. */
export function rpList(rp: Command, run: Run): void {
  naming(listing(rp.command('list')))
    .description('list recovery points')
    .option('--vg <vg>', 'only those of this volume group')
    .action(
      run(async (session, { vg, project, ...options }: Options) => {
        const groupId = vg === undefined ? undefined : await groupIdOf(session, vg, project)
        await printList(session, RECOVERY_POINT, options, (page) =>
          session.groups.listRecoveryPoints({ ...page, groupId }, session.call),
        )
      }),
    )
}
