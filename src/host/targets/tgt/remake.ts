import { deleteEmptyTarget, deleteLunByForce } from './fence.ts'
import type { Life } from './projection.ts'
import { setState, showAccounts, showTargets } from './requests.ts'
import { parseAccounts, parseTargets, type ShownTarget } from './show.ts'

/**
 * Takes away a target by what tgtd itself tells of it, not by what was remembered: nobody gets in any more, then the
 * sessions and the LUNs go. OK when there is no such target.
 */
export async function endTarget(life: Life, name: string, timeoutMs: number): Promise<void> {
  const { link, accounts } = life
  const shown = parseTargets(await link.call(showTargets))
  link.reserveTids(Math.max(0, ...shown.map(({ tid }) => tid)))
  const found = shown.find((target) => target.name === name)
  if (found) await end(life, found, timeoutMs)
  await accounts.relearn(parseAccounts(await link.call(showAccounts)))
}

async function end({ link, accounts }: Life, { tid, luns }: ShownTarget, timeoutMs: number): Promise<void> {
  const place = { link, tid }
  accounts.close(tid)
  await link.call(setState(tid, 'offline')) // whoever is admitted, by name or by address
  for (const { lun } of luns) await deleteLunByForce(place, lun, timeoutMs)
  await deleteEmptyTarget(place, 'nobody', timeoutMs)
  await accounts.release(tid)
}
