import { IscsiError, type IscsiErrorCode } from './errors.ts'

const REFUSED: Readonly<Record<number, IscsiErrorCode>> = {
  513: 'auth_failed',
  514: 'not_authorized',
  515: 'target_not_found',
  516: 'target_not_found',
}

/** The error for a login status (RFC 7143 §11.13.5) of class 2 or 3. */
export function loginError(status: number): IscsiError {
  const shown = status.toString(16).padStart(4, '0')
  const detail = { loginStatus: status }
  if (status >> 8 === 3)
    return new IscsiError('target_busy', `the target can not serve now (login status ${shown})`, detail)
  return new IscsiError(
    REFUSED[status] ?? 'login_refused',
    `the target refused the login (status ${shown})`,
    detail,
  )
}

export interface PortalAddress {
  readonly address: string
  readonly port: number
}

const DEFAULT_PORT = 3260

/** A TargetAddress value: `host[:port][,group]`, where an IPv6 host stands in brackets. Undefined when it is none. */
export function parseTargetAddress(
  text: string,
): (PortalAddress & { groupTag: number | undefined }) | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?(?:,(\d{1,5}))?$/.exec(text)
  const address = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? DEFAULT_PORT)
  if (address === undefined || address.length > 255 || port < 1 || port > 65535) return undefined
  return { address, port, groupTag: match?.[4] === undefined ? undefined : Number(match[4]) }
}
