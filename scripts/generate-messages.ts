/**
 * Writes src/csi/messages.ts from proto/csi.proto: what each message looks like once @grpc/proto-loader has decoded
 * it with the options of src/csi/protocol.ts, the methods of each service, and the schema that src/rpc works from.
 * test/csi/messages.test.ts fails when the file is not what this script would write.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'

const PROTO = fileURLToPath(new URL('../proto/csi.proto', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../src/csi/messages.ts', import.meta.url))
const PROTOBUFJS = fileURLToPath(import.meta.resolve('protobufjs/package.json')).replace('package.json', '')

const HEADER = `// biome-ignore-all format: as the generator writes it
/** Made from proto/csi.proto by scripts/generate-messages.ts: change those, not this. */
import type { Schema } from '../rpc/schema.ts'
`

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'string', // a JavaScript number loses bits past 2^53
}

/** The text of src/csi/messages.ts. */
export function generateMessages(): string {
  const root = load()
  const csi = root.lookup('csi.v1') as protobuf.Namespace
  const wellKnown = ['Timestamp', 'BoolValue', 'Int64Value'].map((name) =>
    root.lookupType(`google.protobuf.${name}`),
  )
  const types = [...typesIn(csi), ...wellKnown]
  const services = csi.nestedArray.filter((item) => item instanceof protobuf.Service)
  return [
    HEADER,
    ...enumsIn(csi).map(enumText),
    ...types.map(interfaceText),
    ...services.map(serviceText),
    schemaText(types),
  ].join('\n')
}

function load(): protobuf.Root {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => (target.startsWith('google/') ? `${PROTOBUFJS}${target}` : target)
  return root.loadSync(PROTO, { keepCase: false }).resolveAll() as protobuf.Root
}

function typesIn(space: protobuf.Namespace): protobuf.Type[] {
  return space.nestedArray.flatMap((item) => (item instanceof protobuf.Type ? [...typesIn(item), item] : []))
}

function enumsIn(space: protobuf.Namespace): protobuf.Enum[] {
  return space.nestedArray.flatMap((item) => {
    if (item instanceof protobuf.Enum) return [item]
    return item instanceof protobuf.Type ? enumsIn(item) : []
  })
}

/** `VolumeCapability.AccessMode` becomes `VolumeCapabilityAccessMode`. */
const nameOf = (item: protobuf.ReflectionObject): string =>
  item.fullName.replace(/^\.(csi\.v1|google\.protobuf)\./, '').replaceAll('.', '')

function enumText(item: protobuf.Enum): string {
  const values = Object.keys(item.values).map((value) => `  | '${value}'`)
  return `export type ${nameOf(item)} =\n${values.join('\n')}\n`
}

function interfaceText(type: protobuf.Type): string {
  const fields = type.fieldsArray.map(fieldText)
  const oneofs = type.oneofsArray.map(
    (oneof) =>
      `  readonly ${oneof.name}?: ${oneof.fieldsArray.map((field) => `'${field.name}'`).join(' | ')} | undefined`,
  )
  const lines = [...fields, ...oneofs]
  if (lines.length === 0) return `export type ${nameOf(type)} = Readonly<Record<string, never>>\n`
  return `export interface ${nameOf(type)} {\n${lines.join('\n')}\n}\n`
}

function fieldText(field: protobuf.Field): string {
  const type = field.resolvedType === null ? scalar(field.type) : nameOf(field.resolvedType)
  if (field instanceof protobuf.MapField) return `  readonly ${field.name}: Readonly<Record<string, ${type}>>`
  if (field.repeated) return `  readonly ${field.name}: readonly ${type}[]`
  if (field.partOf !== null) return `  readonly ${field.name}?: ${type} | undefined`
  const absent = field.resolvedType instanceof protobuf.Type ? ' | null' : ''
  return `  readonly ${field.name}: ${type}${absent}`
}

function scalar(type: string): string {
  const text = SCALARS[type]
  if (text === undefined) throw new Error(`proto/csi.proto uses ${type}, which this script does not know`)
  return text
}

/** Of a method that answers with a stream, `response` is one message of it. */
function serviceText(service: protobuf.Service): string {
  const methods = service.methodsArray.map((method) => {
    const name = `${method.name.charAt(0).toLowerCase()}${method.name.slice(1)}`
    return `  readonly ${name}: { request: ${method.requestType}; response: ${method.responseType} }`
  })
  return `export type ${service.name}Methods = {\n${methods.join('\n')}\n}\n`
}

function schemaText(types: readonly protobuf.Type[]): string {
  const entries = types.map((type) => {
    const fields = type.fieldsArray.map((field) => `    ${field.name}: { ${schemaOf(field).join(', ')} },`)
    return fields.length === 0 ? `  ${nameOf(type)}: {},` : `  ${nameOf(type)}: {\n${fields.join('\n')}\n  },`
  })
  return `export const SCHEMA: Schema = {\n${entries.join('\n')}\n}\n`
}

function schemaOf(field: protobuf.Field): string[] {
  const facts: string[] = []
  if (field.map) facts.push(`kind: 'map'`)
  else if (field.resolvedType instanceof protobuf.Type)
    facts.push(`kind: 'message'`, `type: '${nameOf(field.resolvedType)}'`)
  else facts.push(field.type === 'string' ? `kind: 'string'` : `kind: 'other'`)
  if (field.repeated) facts.push('repeated: true')
  if (field.options?.['(csi_secret)'] === true) facts.push('secret: true')
  return facts
}

if (import.meta.main) await writeFile(OUTPUT, generateMessages())
