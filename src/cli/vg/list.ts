import type { Command } from 'commander'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly name?: string
}

/** `mooring vg list`. */
export function vgList(vg: Command, run: Run): void {
  naming(listing(vg.command('list')))
    .description('list volume groups')
    .option('--name <name>', 'only those of this name')
    .action(
      run(async (session, { name, project, ...options }: Options) =>
        printList(session, VOLUME_GROUP, options, async (query) => {
          const page = await session.groups.listGroups({ ...query, name }, session.call)
          return {
            ...page,
            items: page.items.filter((group) => project === undefined || group.project === project),
          }
        }),
      ),
    )
}
