import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Logger } from 'pino'
import type { Handlers, StreamHandlers } from '../rpc/call.ts'
import type { FieldRule } from '../rpc/check-limits.ts'
import type { InFlight } from '../rpc/in-flight.ts'
import { type Service, serve } from '../rpc/serve.ts'
import { BUSY_KEYS } from './busy-keys.ts'
import {
  type ControllerMethods,
  type GroupControllerMethods,
  type IdentityMethods,
  type NodeMethods,
  SCHEMA,
  type SnapshotMetadataMethods,
} from './messages.ts'

/** The services that a plugin offers on its socket. */
export interface CsiServices {
  readonly Identity: Handlers<IdentityMethods>
  readonly Controller?: Handlers<ControllerMethods>
  readonly GroupController?: Handlers<GroupControllerMethods>
  readonly SnapshotMetadata?: StreamHandlers<SnapshotMetadataMethods>
  readonly Node?: Handlers<NodeMethods>
}

export interface ServeCsiOptions {
  /** The value of CSI_ENDPOINT: `unix:///<path>.sock`. */
  readonly endpoint: string
  readonly services: CsiServices
  readonly log: Logger
  readonly socketMode?: number | undefined
  readonly maxCalls?: number | undefined
  readonly inFlight?: InFlight | undefined
  readonly drainMs?: number | undefined
}

/** PATH_MAX of Linux: CSI lets a plugin accept what the operating system does. */
const PATH: FieldRule = { maxBytes: 4096 }

/** Where CSI says something else than 128 bytes for a string and 4 KiB for a map. */
const FIELD_RULES: Readonly<Record<string, FieldRule>> = {
  name: {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: CSI forbids these in names
    pattern: /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/,
    patternFault: 'holds a control character',
  },
  nodeId: { maxBytes: 256 },
  mountFlags: { maxBytes: 4096 },
  secrets: { pattern: /^[A-Za-z0-9._-]+$/, patternFault: 'has characters other than A-Z a-z 0-9 . _ -' },
  stagingTargetPath: PATH,
  targetPath: PATH,
  volumePath: PATH,
  volumePublishPath: PATH,
}

export const CSI_LIMITS = { schema: SCHEMA, rules: FIELD_RULES }

const PROTO = fileURLToPath(new URL('../../proto/csi.proto', import.meta.url))

/** src/csi/messages.ts describes what these options make of a message. */
export const CSI_PROTOCOL = loadSync(PROTO, {
  keepCase: false,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
})

/** Serves CSI on a unix socket until it is disposed of. */
export function serveCsi(options: ServeCsiOptions): Promise<AsyncDisposable> {
  const services = Object.entries(options.services).map(
    ([name, handlers]): Service => ({
      definition: CSI_PROTOCOL[`csi.v1.${name}`] as ServiceDefinition,
      handlers,
      alwaysAnswers: name === 'Identity',
    }),
  )
  return serve({ ...options, services, limits: CSI_LIMITS, keys: BUSY_KEYS })
}
