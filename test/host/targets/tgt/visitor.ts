import { isidOf, ReconnectingDisk, Session } from '../../../../src/iscsi/index.ts'
import { Lun } from '../../../../src/iscsi/lun.ts'
import { parseNaas, readFacts } from '../../../../src/iscsi/lun-facts.ts'
import type { Export, Portal, Target } from '../../../../src/volumegroups/index.ts'
import type { Seen, Visitor } from '../../../contract/target.ts'

/** Initiators that look at what a target serves. */

const portalOf = (target: Target): Portal => target.portals()[0]!

export function login(target: Target, { targetName, initiatorName, chap }: Visitor): Promise<Session> {
  const timeouts = { loginMs: 2000 }
  const isid = isidOf(`${initiatorName} ${targetName}`)
  return Session.login({ portal: portalOf(target), initiatorName, targetName, chap, isid, timeouts })
}

export async function look(target: Target, who: Visitor, lun: number): Promise<Seen | undefined> {
  const session = await login(target, who).catch(() => undefined)
  try {
    if (session === undefined) return undefined
    const unit = new Lun(session, lun)
    await unit.ready()
    const serial = (await unit.page(0x80))?.toString('latin1', 4).replaceAll('\0', ' ').trim() ?? ''
    const naa =
      parseNaas((await unit.page(0x83)) ?? Buffer.alloc(0)).find((found) => found.length === 32) ?? ''
    return { serial, naa, readOnly: (await readFacts(unit)).readOnly }
  } catch {
    return undefined
  } finally {
    await session?.logout()
  }
}

/** A disk that rides through everything but another identity. */
export function attach(target: Target, one: Export): Promise<ReconnectingDisk> {
  return ReconnectingDisk.open({
    ...one,
    portals: [portalOf(target)],
    isid: isidOf(`${one.initiatorName} ${one.targetName}`),
    expected: one,
  })
}
