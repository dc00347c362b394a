import type { Export } from '../../../volumegroups/index.ts'
import { unless } from './fence.ts'
import { TGT_RESULT } from './ipc.ts'
import type { Life, TargetRecord } from './projection.ts'
import { showAccounts, showTargets, shutOut } from './requests.ts'
import { parseAccounts, parseTargets, type ShownTarget } from './show.ts'

/** Records of what a running tgtd serves, so that what is right in it can stay as it is. */
export async function adoptTargets(life: Life, exports: readonly Export[]): Promise<readonly TargetRecord[]> {
  const shown = parseTargets(await life.link.call(showTargets))
  const users = parseAccounts(await life.link.call(showAccounts))
  life.link.reserveTids(Math.max(0, ...shown.map(({ tid }) => tid)))
  life.accounts.adopt(
    users,
    shown.flatMap(({ tid, incoming, outgoing }) => [
      ...incoming.map((user) => ({ user, tid, outgoing: false })),
      ...outgoing.map((user) => ({ user, tid, outgoing: true })),
    ]),
  )
  const records: TargetRecord[] = []
  for (const target of shown) {
    const wanted = exports.find(({ targetName }) => targetName === target.name)
    records.push(await adoptTarget(life, target, wanted))
  }
  return records
}

async function adoptTarget(
  life: Life,
  target: ShownTarget,
  wanted: Export | undefined,
): Promise<TargetRecord> {
  const { tid, name, initiators } = target
  for (const stranger of initiators.slice(1)) {
    await unless(life.link, shutOut(tid, stranger), [TGT_RESULT.noAcl])
  }
  const initiatorName = initiators[0] ?? wanted?.initiatorName ?? 'nobody'
  if (initiators[0] !== undefined) await life.accounts.open(tid, initiators[0])
  const luns = target.luns.map(
    (lun): Export => ({ ...lun, targetName: name, initiatorName, chap: undefined }),
  )
  // An element that died while it changed a target leaves it offline or without its initiator: it is made anew.
  const whole = target.ready && initiators.length > 0
  return {
    name,
    initiatorName,
    chap: undefined,
    luns: new Map(whole ? luns.map((one) => [one.lun, one]) : []),
    protected: new Set(),
    leaving: new Set(whole ? [] : luns.map(({ lun }) => lun)),
    at: { life, tid },
    shut: !whole,
  }
}
