import type { Command } from 'commander'
import { matching, orDeleted } from '../input/deleted.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { DELETED } from '../views/deleted.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly name?: string
  readonly deleted?: true
}

/** `mooring vg list`. */
export function vgList(vg: Command, run: Run): void {
  orDeleted(naming(listing(vg.command('list'))))
    .description('list volume groups')
    .option('--name <name>', 'only those of this name')
    .action(
      run(async (session, { name, project, deleted, ...options }: Options) => {
        if (deleted) {
          return printList(session, DELETED, options, async (page) =>
            matching(
              { name, project },
              await session.groups.listDeleted({ ...page, kind: 'volumeGroup' }, session.call),
            ),
          )
        }
        return printList(session, VOLUME_GROUP, options, async (query) => {
          const page = await session.groups.listGroups({ ...query, name }, session.call)
          return {
            ...page,
            items: page.items.filter((group) => project === undefined || group.project === project),
          }
        })
      }),
    )
}
