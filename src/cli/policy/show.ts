import type { Command } from 'commander'
import { policyIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { POLICY } from '../views/policy.ts'

/** `mooring policy show <policy>`. */
export function policyShow(policy: Command, run: Run): void {
  naming(policy.command('show <policy>'))
    .description('show one policy')
    .action(
      run(async (session, named: string, { project }: ProjectOptions) => {
        const id = await policyIdOf(session, named, project)
        await printOne(session, POLICY, await session.groups.getPolicy(id, session.call))
      }),
    )
}
