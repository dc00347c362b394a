import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Static } from 'typebox'
import { environment } from './environment.ts'
import { ConfigError, readConfig } from './read.ts'
import { type CliConfig, ControllerConfig, ElementConfig, NodeConfig, TokensConfig } from './schemas.ts'

export type ElementSettings = Static<typeof ElementConfig>
export type ControllerSettings = Static<typeof ControllerConfig> & FindsElement
export type NodeSettings = Static<typeof NodeConfig> &
  FindsElement & {
    readonly nodeId: string
    readonly initiatorName: string
    /** Where it was read from. */
    readonly file: string
  }
export type EndpointSettings = Static<typeof CliConfig>['element']
/** The ways to the element, in the order in which they are tried. */
export interface FindsElement {
  readonly endpoints: readonly EndpointSettings[]
  readonly elementId?: string | undefined
}
export type TokenSettings = Static<typeof TokensConfig>

/** Reads an element's configuration. Throws ConfigError with all its faults. */
export function readElementConfig(file: string): ElementSettings {
  const config = readConfig(ElementConfig, file)
  const { durationMs, renewMs } = config.lease
  if (renewMs * 3 <= durationMs) return config
  throw new ConfigError(
    `${file}: lease.renewMs (${renewMs}) must be at most a third of lease.durationMs (${durationMs})`,
  )
}

/** Reads a controller's configuration; the environment's CSI_ENDPOINT comes before the file's. */
export function readControllerConfig(file: string): ControllerSettings {
  return withEndpoints(withCsiEndpoint(readConfig(ControllerConfig, file)))
}

/** Reads a node's configuration; the environment's CSI_ENDPOINT and NODE_NAME fill in. */
export function readNodeConfig(file: string): NodeSettings {
  const config = withEndpoints(withCsiEndpoint(readConfig(NodeConfig, file)))
  const nodeId = config.nodeId ?? environment.nodeName ?? hostname()
  return {
    ...config,
    file: resolve(file),
    nodeId,
    initiatorName: config.initiatorName ?? initiatorNameOf(nodeId),
  }
}

/** Reads the tokens that an element accepts over HTTPS. */
export const readTokens = (file: string): TokenSettings => readConfig(TokensConfig, file)

/** Reads a file that holds one secret, such as a token. */
export function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

function withCsiEndpoint<Config extends { readonly csiEndpoint: string }>(config: Config): Config {
  return environment.csiEndpoint === undefined ? config : { ...config, csiEndpoint: environment.csiEndpoint }
}

/** What the packages put there. */
const CREDENTIALS = { tokenFile: '/etc/mooring/token', caFile: '/etc/mooring/ca.crt' }

type Findable = Pick<Static<typeof ControllerConfig>, 'element' | 'linkLocal'>

/** The link-local endpoint comes last. Its certificate has to be of the same authority, so its token is safe there. */
function withEndpoints<Config extends Findable>(config: Config): Config & FindsElement {
  const named = [config.element ?? []].flat()
  const trusted =
    named.find((endpoint) => 'url' in endpoint) ?? (named.length === 0 ? CREDENTIALS : undefined)
  const { linkLocal: url } = config
  const isTried =
    url !== false && trusted !== undefined && !named.some((one) => 'url' in one && one.url === url)
  const endpoints = isTried ? [...named, { ...trusted, url }] : named
  if (endpoints.length > 0) return { ...config, endpoints }
  throw new ConfigError('element is left out and linkLocal is false: there is no way to the element')
}

/** iSCSI names are lower case and know no underscore (RFC 3722). */
function initiatorNameOf(nodeId: string): string {
  const suffix = nodeId.toLowerCase().replaceAll(/[^-.a-z0-9]/g, '-')
  return `iqn.2026-01.storage.mooring.node:${suffix}`
}
