import type { AnyDefinition } from '../../journal/index.ts'
import type { Database, Transactor } from '../database.ts'
import { exportsOf } from '../exports.ts'
import type { Store, Target } from '../ports.ts'
import type { RecoveryReport } from '../recoveries.ts'
import { reconcile } from './reconcile.ts'
import { settleSealed } from './settle-sealed.ts'

export interface Sides {
  readonly database: Database
  readonly store: Store
  readonly target: Target
  readonly definitions: readonly AnyDefinition<Transactor>[]
  readonly now: () => Date
  /** Database and store differed, and what was decided: for the log. */
  readonly recovered?: ((report: RecoveryReport) => void) | undefined
}

/**
 * Starts the target with what the database says, once database and store say the same. What has to be decided about
 * is not served until it is decided; all else goes on being served.
 */
export async function bringTogether({ database, store, target, ...sides }: Sides): Promise<void> {
  const serve = async (isServed: (groupId: string) => boolean): Promise<void> => {
    const grants = await database.reader.grants()
    await target.start(
      exportsOf(
        store,
        grants.filter(({ disk }) => isServed(disk.groupId)),
      ),
    )
  }
  const { now, definitions } = sides
  await settleSealed({ database, store, now, definitions })
  const fence = (groups: ReadonlySet<string>): Promise<void> => serve((id) => !groups.has(id))
  const report = await reconcile({ database, store, now, fence })
  if (report === undefined) return
  sides.recovered?.(report)
  await serve(() => true)
}
