import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { PROJECT } from '../views/project.ts'

interface Options extends ListOptions {
  readonly parent?: string
  readonly under?: string
}

/** `mooring project list`. */
export function projectList(project: Command, run: Run): void {
  listing(project.command('list'))
    .description('list projects')
    .option('--parent <path>', 'only those directly in this project')
    .option('--under <path>', 'only those in this project, at any depth')
    .action(
      run(async (session, { parent, under, ...options }: Options) =>
        printList(session, PROJECT, options, (page) =>
          session.groups.listProjects({ ...page, parent, under }, session.call),
        ),
      ),
    )
}
