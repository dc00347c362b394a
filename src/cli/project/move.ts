import type { Command } from 'commander'
import { projectIdOf } from '../input/names.ts'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { PROJECT } from '../views/project.ts'

/** `mooring project move <path> <new-path>`: with all that is in it; another name is another path too. */
export function projectMove(project: Command, run: Run): void {
  changing(project.command('move <path> <new-path>'))
    .description('give a project, with all that is in it, another name or place')
    .action(
      run(async (session, path: string, newPath: string) => {
        const id = await projectIdOf(session, path)
        const work = { label: `moving project ${path} to ${newPath}`, kind: 'moveProject', about: id }
        const moved = await working(session, work, () =>
          session.groups.moveProject(id, newPath, session.call),
        )
        await printOne(session, PROJECT, moved)
      }),
    )
}
