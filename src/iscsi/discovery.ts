import { protocolError } from './errors.ts'
import { type PortalAddress, parseTargetAddress } from './login-status.ts'
import { Session } from './session.ts'
import type { SessionOptions } from './session-options.ts'
import type { KeyValue } from './text-keys.ts'

export interface DiscoveredTarget {
  readonly targetName: string
  /** Empty when the target is reached at the address that was asked. */
  readonly portals: readonly (PortalAddress & { readonly groupTag: number | undefined })[]
}

/** Asks a portal for the targets that it shows to this initiator. */
export async function discoverTargets(
  options: Omit<SessionOptions, 'targetName' | 'onEnd'>,
): Promise<DiscoveredTarget[]> {
  const session = await Session.login({ ...options, targetName: undefined })
  try {
    return parseTargets(await session.text([['SendTargets', 'All']]))
  } finally {
    await session.logout()
  }
}

function parseTargets(pairs: readonly KeyValue[]): DiscoveredTarget[] {
  const targets: { targetName: string; portals: DiscoveredTarget['portals'] }[] = []
  for (const [key, value] of pairs) {
    const current = targets.at(-1)
    if (key === 'TargetName') targets.push({ targetName: value, portals: [] })
    else if (key === 'TargetAddress' && current) current.portals = [...current.portals, parseAddress(value)]
  }
  return targets
}

function parseAddress(text: string): DiscoveredTarget['portals'][number] {
  const portal = parseTargetAddress(text)
  if (portal === undefined) throw protocolError('the target listed an address that is none')
  return portal
}
