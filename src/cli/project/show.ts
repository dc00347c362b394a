import type { Command } from 'commander'
import { projectIdOf } from '../input/names.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { PROJECT } from '../views/project.ts'

/** `mooring project show <path>`. */
export function projectShow(project: Command, run: Run): void {
  project
    .command('show <path>')
    .description('show one project')
    .action(
      run(async (session, path: string) => {
        const id = await projectIdOf(session, path)
        await printOne(session, PROJECT, await session.groups.getProject(id, session.call))
      }),
    )
}
