import { readFileSync } from 'node:fs'
import { type EndpointSettings, type FindsElement, readSecret } from '../config/config.ts'
import {
  createElementEndpoint,
  createElementEndpoints,
  type ElementAddress,
  type ElementEndpoint,
} from '../endpoints/element/element-endpoint.ts'
import type { FailoverOptions } from '../endpoints/element/failover.ts'
import type { TransportOptions } from '../endpoints/element/transport.ts'

/** Opens the configured way to the element; it connects when it is first asked something. */
export const openEndpoint = (settings: EndpointSettings, options: TransportOptions = {}): ElementEndpoint =>
  createElementEndpoint(addressOf(settings), options)

/** Opens the configured ways to the element, of which the first that is sound is used. */
export function openEndpoints(
  { endpoints, elementId }: FindsElement,
  options: FailoverOptions,
): ElementEndpoint {
  const [only, ...others] = endpoints.map(addressOf)
  // With one way there is no other to turn to, and nothing to compare its element with.
  if (others.length === 0 && elementId === undefined) return createElementEndpoint(only!, options)
  return createElementEndpoints([only!, ...others], { ...options, elementId })
}

function addressOf(settings: EndpointSettings): ElementAddress {
  if ('socket' in settings) return { socketPath: settings.socket }
  const { url, tokenFile, caFile } = settings
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
  return { url, token: readSecret(tokenFile), ca }
}
