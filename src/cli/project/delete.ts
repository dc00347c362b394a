import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { projectIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring project delete <path>`: only an empty one. */
export function projectDelete(project: Command, run: Run): void {
  destroying(project.command('delete <path>'))
    .description('delete a project that holds nothing')
    .action(
      run(async (session, path: string, options: ConfirmOptions) => {
        const id = await projectIdOf(session, path)
        await confirm(session, options, `delete project ${path}`)
        const work = { label: `deleting project ${path}`, kind: 'deleteProject', about: id }
        await working(session, work, () => session.groups.deleteProject(id, session.call))
        printDone(session, `deleted project ${path}`)
      }),
    )
}
