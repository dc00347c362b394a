import type { Command } from 'commander'
import { UsageError } from '../errors.ts'
import { diskIdOf, groupIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { EFFECTIVE } from '../views/policy.ts'

interface Options extends ProjectOptions {
  readonly vg?: string
  readonly disk?: string
}

/** `mooring policy effective`: what applies to a group or disk, and where each value comes from. */
export function policyEffective(policy: Command, run: Run): void {
  naming(policy.command('effective'))
    .description('show which policies apply to a volume group or disk, and where each is set')
    .option('--vg <vg>', 'to this volume group')
    .option('--disk <disk>', 'to this disk')
    .action(
      run(async (session, { vg, disk, project }: Options) => {
        if ((vg === undefined) === (disk === undefined)) throw new UsageError('say of what: --vg or --disk')
        const id =
          vg === undefined
            ? await diskIdOf(session, disk as string, project)
            : await groupIdOf(session, vg, project)
        await printOne(session, EFFECTIVE, await session.groups.effectivePolicies(id, session.call))
      }),
    )
}
