import type { Command } from 'commander'
import { groupIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { SCHEDULE } from '../views/schedule.ts'

/** `mooring schedule show <vg>`. */
export function scheduleShow(schedule: Command, run: Run): void {
  naming(schedule.command('show <vg>'))
    .description('show when the next recovery point of a volume group is due')
    .action(
      run(async (session, named: string, { project }: ProjectOptions) => {
        const id = await groupIdOf(session, named, project)
        await printOne(session, SCHEDULE, await session.groups.getSchedule(id, session.call))
      }),
    )
}
