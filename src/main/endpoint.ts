import { readFileSync } from 'node:fs'
import { type EndpointSettings, readSecret } from '../config/config.ts'
import { createElementEndpoint, type ElementEndpoint } from '../endpoints/element/element-endpoint.ts'
import type { TransportOptions } from '../endpoints/element/transport.ts'

/** Opens the configured way to the element; it connects when it is first asked something. */
export function openEndpoint(settings: EndpointSettings, options: TransportOptions = {}): ElementEndpoint {
  if ('socket' in settings) return createElementEndpoint({ socketPath: settings.socket }, options)
  const { url, tokenFile, caFile } = settings
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
  return createElementEndpoint({ url, token: readSecret(tokenFile), ca }, options)
}
