import type { Command } from 'commander'
import { watching } from './input/options.ts'
import { printOne, repeating, type WatchOptions } from './output/print.ts'
import type { Run } from './run.ts'
import { STATUS } from './views/status.ts'

/** `mooring status`: what the element is, whether it is ready, and how much its pool has left. */
export function status(program: Command, run: Run): void {
  watching(program.command('status'))
    .description('show the element and what its pool has left')
    .action(
      run(async (session, { watch }: WatchOptions) =>
        repeating(session, { watch }, async () => {
          const { groups, call } = session
          const status = await groups.status(call)
          const capacity = status.state === 'ready' ? await groups.capacity(call) : undefined
          await printOne(session, STATUS, { ...status, capacity })
        }),
      ),
    )
}
