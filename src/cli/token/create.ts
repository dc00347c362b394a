import { type Command, Option } from 'commander'
import type { InitiatorId, Role } from '../../volumegroups/index.ts'
import { changing, naming, type ProjectOptions, ROOT_PROJECT } from '../input/options.ts'
import { parseDuration } from '../input/parse.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { MADE_TOKEN } from '../views/token.ts'

interface Options extends ProjectOptions {
  readonly role: Role
  readonly initiator?: InitiatorId
  readonly expiresIn?: number
}

const ROLES = ['viewer', 'node', 'provisioner', 'operator', 'admin'] as const satisfies Role[]

/** `mooring token create <label>`: prints its secret, this once. */
export function tokenCreate(token: Command, run: Run): void {
  naming(changing(token.command('create <label>')))
    .description('make a token for a project and a role; its secret is told this once')
    .addOption(new Option('--role <role>', 'what it allows').choices(ROLES).makeOptionMandatory())
    .option('--initiator <initiator>', 'for the role node: the one that it speaks for')
    .option('--expires-in <duration>', 'such as 90d; left out = never', parseDuration)
    .action(
      run(async (session, label: string, options: Options) => {
        const { role, initiator: initiatorId, project = ROOT_PROJECT, expiresIn } = options
        const now = session.terminal.now().getTime()
        const expiresAt = expiresIn === undefined ? undefined : new Date(now + expiresIn)
        const spec = { role, project, initiatorId, label, expiresAt }
        await printOne(session, MADE_TOKEN, await session.groups.createToken(spec, session.call))
      }),
    )
}
