import type { Command } from 'commander'
import { FoundError } from './errors.ts'
import { printRows } from './output/print.ts'
import { encode } from './output/wire.ts'
import type { Run } from './run.ts'
import { FINDING } from './views/finding.ts'

/** `mooring audit`: what differs now. Ends as refused when anything does. */
export function audit(program: Command, run: Run): void {
  program
    .command('audit')
    .description('compare database, store, target and nodes, and show what differs; changes nothing')
    .action(
      run(async (session) => {
        const found = await session.groups.audit(session.call)
        await printRows(session, FINDING, found.findings, () => encode('audit', found))
        if (found.count > 0) throw new FoundError(`${found.count} found`)
      }),
    )
}
