import { type Command, Option } from 'commander'
import { DEFAULT_INTERVAL_S, parseInterval, parseLimit, parseTimeout } from './parse.ts'

/** The options that several verbs share, so that they mean the same everywhere. */

export interface GlobalOptions {
  readonly json?: true
  readonly exact?: true
  readonly timeout: number
  readonly socket?: string
  readonly url?: string
  readonly tokenFile?: string
  readonly caFile?: string
}

export interface ChangeOptions {
  readonly idempotencyKey?: string
}

export interface ProjectOptions {
  readonly project?: string | undefined
}

export interface PlaceOptions extends ProjectOptions {
  readonly createProject?: true
}

export interface ConfirmOptions {
  readonly yes?: true
}

const DEFAULT_TIMEOUT_S = 60

/** Where things are made when no project is named. */
export const ROOT_PROJECT = '/'

/** What every verb takes: how to reach the element, and how to print. */
export const everywhere = (program: Command): Command =>
  program
    .option('--json', 'print JSON, with the field names of the API')
    .option('--exact', 'print sizes in bytes and times as they are')
    .option('--timeout <seconds>', 'how long one call is waited for', parseTimeout, DEFAULT_TIMEOUT_S)
    .option('--socket <file>', 'the unix socket of the element on this machine')
    .option('--url <url>', 'an element elsewhere, such as https://192.0.2.10:9443')
    .option('--token-file <file>', 'holds the token for --url')
    .option('--ca-file <file>', 'the authority that signed the certificate of --url')

/** `--watch` alone is every so many seconds. */
export const watching = (command: Command): Command =>
  command.addOption(
    new Option(
      '--watch [seconds]',
      `again and again (every ${DEFAULT_INTERVAL_S} s), until it is interrupted`,
    )
      .argParser(parseInterval)
      .preset(String(DEFAULT_INTERVAL_S)),
  )

export const listing = (command: Command): Command =>
  watching(command).option('--limit <n>', 'no more than so many', parseLimit)

export const changing = (command: Command): Command =>
  command.option('--idempotency-key <key>', 'the same key with the same request changes things once')

/** For verbs that take names: they are unique in a project only. */
export const naming = (command: Command): Command =>
  command.option('--project <path>', 'the project of what is named, or made')

/** For verbs that make something where a project is named. */
export const placing = (command: Command): Command =>
  naming(changing(command)).option('--create-project', 'make the project, and those above it, on first use')

export const destroying = (command: Command): Command => changing(command).option('--yes', 'do not ask')
