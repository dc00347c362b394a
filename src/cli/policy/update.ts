import type { Command } from 'commander'
import { policyIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { describing, type PolicyOptions, settingsOf } from '../input/policy.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { POLICY } from '../views/policy.ts'

type Options = PolicyOptions & ProjectOptions

/** `mooring policy update <policy>`: all of what it says, anew. It takes effect wherever it is assigned. */
export function policyUpdate(policy: Command, run: Run): void {
  describing(naming(changing(policy.command('update <policy>'))))
    .description('say anew all of what a policy says, wherever it is assigned')
    .action(
      run(async (session, named: string, { project, ...options }: Options) => {
        const settings = settingsOf(options)
        const id = await policyIdOf(session, named, project)
        await printOne(session, POLICY, await session.groups.updatePolicy(id, settings, session.call))
      }),
    )
}
