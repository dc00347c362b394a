import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EndpointSettings } from './config.ts'
import { environment } from './environment.ts'
import { ConfigError, readConfig } from './read.ts'
import { CliConfig } from './schemas.ts'

/** What one source says about the way to the element. */
export interface EndpointChoice {
  readonly socket?: string | undefined
  readonly url?: string | undefined
  readonly tokenFile?: string | undefined
  readonly caFile?: string | undefined
}

type Surroundings = typeof environment.cli

const LOCAL_SOCKET = '/run/mooring/element.sock'

/**
 * The way to the element. The options come first, then the environment, then the file, then the local socket: the
 * first of them that names a socket or a URL decides, and a token or CA file is taken from the first that names one.
 */
export function readCliEndpoint(
  given: EndpointChoice,
  surroundings: Surroundings = environment.cli,
): EndpointSettings {
  const sources = [given, surroundings, ...fileChoices(surroundings)]
  const { socket, url } = sources.find((source) => source.socket ?? source.url) ?? { socket: LOCAL_SOCKET }
  if (socket !== undefined && url !== undefined) {
    throw new ConfigError('both a socket and a URL are given: name one of them')
  }
  if (url === undefined) return { socket: resolve(socket as string) }
  if (!URL.canParse(url) || !url.startsWith('https://')) {
    throw new ConfigError(`${url} is no URL of an element, such as https://192.0.2.10:9443`)
  }
  const tokenFile = sources.find((source) => source.tokenFile)?.tokenFile
  if (tokenFile === undefined) {
    throw new ConfigError(`${url} needs a token: name its file with --token-file or MOORING_TOKEN_FILE`)
  }
  const caFile = sources.find((source) => source.caFile)?.caFile
  return { url, tokenFile: resolve(tokenFile), ...(caFile && { caFile: resolve(caFile) }) }
}

/** The file that the environment names must be there; the usual places need not hold one. */
function fileChoices({ configFile, configHome }: Surroundings): EndpointChoice[] {
  const usual = [join(configHome, 'mooring/cli.yaml'), '/etc/mooring/cli.yaml']
  const file = configFile ?? usual.find((path) => existsSync(path))
  return file === undefined ? [] : [readConfig(CliConfig, file).element]
}
