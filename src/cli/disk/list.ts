import type { Command } from 'commander'
import { matching, orDeleted } from '../input/deleted.ts'
import { groupIdOf } from '../input/names.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { DELETED } from '../views/deleted.ts'
import { DISK } from '../views/disk.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly vg?: string
  readonly name?: string
  readonly deleted?: true
}

/** `mooring disk list`. */
export function diskList(disk: Command, run: Run): void {
  orDeleted(naming(listing(disk.command('list'))))
    .description('list disks')
    .option('--vg <vg>', 'only those of this volume group')
    .option('--name <name>', 'only those of this name')
    .action(
      run(async (session, { vg, name, project, deleted, ...options }: Options) => {
        const groupId = vg === undefined ? undefined : await groupIdOf(session, vg, project)
        if (deleted) {
          return printList(session, DELETED, options, async (page) =>
            matching(
              { name, project },
              await session.groups.listDeleted({ ...page, groupId, kind: 'disk' }, session.call),
            ),
          )
        }
        await printList(session, DISK, options, (page) =>
          session.groups.listDisks({ ...page, groupId, name }, session.call),
        )
      }),
    )
}
