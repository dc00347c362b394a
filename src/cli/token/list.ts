import type { Command } from 'commander'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { TOKEN } from '../views/token.ts'

/** `mooring token list`: without their secrets. */
export function tokenList(token: Command, run: Run): void {
  listing(token.command('list'))
    .description('list tokens, without their secrets')
    .action(
      run(async (session, options: ListOptions) =>
        printList(session, TOKEN, options, (page) => session.groups.listTokens(page, session.call)),
      ),
    )
}
