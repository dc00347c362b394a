import type { Command } from 'commander'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { PROJECT } from '../views/project.ts'

/** `mooring project create <path>`: in one that exists. */
export function projectCreate(project: Command, run: Run): void {
  changing(project.command('create <path>'))
    .description('make a project in one that exists')
    .action(
      run(async (session, path: string) => {
        const work = { label: `making project ${path}`, kind: 'createProject' }
        const made = await working(session, work, () => session.groups.createProject(path, session.call))
        await printOne(session, PROJECT, made)
      }),
    )
}
