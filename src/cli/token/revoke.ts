import type { Command } from 'commander'
import type { TokenId } from '../../volumegroups/index.ts'
import { confirm } from '../input/confirm.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import type { Run } from '../run.ts'

/** `mooring token revoke <token>`: the next call with it is refused. */
export function tokenRevoke(token: Command, run: Run): void {
  destroying(token.command('revoke <token>'))
    .description('end a token: the next call with it is refused')
    .action(
      run(async (session, id: TokenId, options: ConfirmOptions) => {
        await confirm(session, options, `revoke ${id}`)
        await session.groups.revokeToken(id, session.call)
        printDone(session, `revoked ${id}`)
      }),
    )
}
