import protobuf from 'protobufjs'

/**
 * A protocol as a list of sentences, one for each thing that the wire or a reader of options could notice, such as
 * `message csi.v1.Topology: map<string,string> segments = 1`. Two protocols are the same when their sentences are.
 */
export type Facts = readonly string[]

/** The facts of a FileDescriptorProto in protobuf's JSON form. */
export function factsOfDescriptor(file: FileDescriptor): Facts {
  const scope = file.package
  return [
    `file ${scope} ${file.syntax} ${JSON.stringify(file.options)}`,
    ...(file.extension ?? []).map((item) => `extend ${item.extendee}: bool ${item.name} = ${item.number}`),
    ...(file.enumType ?? []).flatMap((item) => enumFacts(item, scope)),
    ...(file.messageType ?? []).flatMap((item) => messageFacts(item, scope)),
    ...(file.service ?? []).flatMap((item) => serviceFacts(item, scope)),
  ].sort()
}

type Options = Readonly<Record<string, unknown>>

interface Named {
  readonly name: string
  readonly options?: Options
}

interface FieldDescriptor extends Named {
  readonly number: number
  readonly type: string
  readonly label: string
  readonly typeName?: string
  readonly extendee?: string
  readonly oneofIndex?: number
}

interface Range {
  readonly start: number
  readonly end: number
}

interface EnumDescriptor extends Named {
  readonly value: readonly (Named & { readonly number?: number })[]
  readonly reservedRange?: readonly Range[]
  readonly reservedName?: readonly string[]
}

interface MessageDescriptor extends Named {
  readonly field?: readonly FieldDescriptor[]
  readonly nestedType?: readonly MessageDescriptor[]
  readonly enumType?: readonly EnumDescriptor[]
  readonly oneofDecl?: readonly Named[]
  readonly reservedRange?: readonly Range[]
  readonly reservedName?: readonly string[]
}

interface ServiceDescriptor extends Named {
  readonly method: readonly (Named & {
    readonly inputType: string
    readonly outputType: string
    readonly clientStreaming?: boolean
    readonly serverStreaming?: boolean
  })[]
}

export interface FileDescriptor extends Named {
  readonly package: string
  readonly syntax: string
  readonly extension?: readonly FieldDescriptor[]
  readonly enumType?: readonly EnumDescriptor[]
  readonly messageType?: readonly MessageDescriptor[]
  readonly service?: readonly ServiceDescriptor[]
}

/** Custom options, which JSON names `[csi.v1.csi_secret]`. */
const optionsOf = (item: Named): string =>
  Object.entries(item.options ?? {})
    .filter(([name]) => name.startsWith('['))
    .map(([name, value]) => ` [${name.slice(name.lastIndexOf('.') + 1, -1)}=${value}]`)
    .sort()
    .join('')

function enumFacts(item: EnumDescriptor, scope: string): string[] {
  const name = `${scope}.${item.name}`
  return [
    `enum ${name}${optionsOf(item)}`,
    ...item.value.map((value) => `enum ${name}: ${value.name} = ${value.number ?? 0}${optionsOf(value)}`),
    ...(item.reservedRange ?? []).map(({ start, end }) => `enum ${name}: reserved ${start} to ${end}`),
    ...(item.reservedName ?? []).map((reserved) => `enum ${name}: reserved ${reserved}`),
  ]
}

function messageFacts(item: MessageDescriptor, scope: string): string[] {
  const name = `${scope}.${item.name}`
  const nested = (item.nestedType ?? []).filter((type) => type.options?.mapEntry !== true)
  return [
    `message ${name}${optionsOf(item)}`,
    ...(item.field ?? []).map((field) => `message ${name}: ${fieldText(field, item)}`),
    // The end of a message's range is the first number after it.
    ...(item.reservedRange ?? []).map(({ start, end }) => `message ${name}: reserved ${start} to ${end - 1}`),
    ...(item.reservedName ?? []).map((reserved) => `message ${name}: reserved ${reserved}`),
    ...(item.enumType ?? []).flatMap((type) => enumFacts(type, name)),
    ...nested.flatMap((type) => messageFacts(type, name)),
  ]
}

function fieldText(field: FieldDescriptor, message: MessageDescriptor): string {
  const entry = message.nestedType?.find(
    (type) => type.options?.mapEntry === true && field.typeName?.endsWith(`.${message.name}.${type.name}`),
  )
  const oneof = field.oneofIndex === undefined ? '' : ` oneof ${message.oneofDecl![field.oneofIndex]!.name}`
  const [key, value] = entry?.field ?? []
  const repeated = field.label === 'LABEL_REPEATED' ? 'repeated ' : ''
  const type = key && value ? `map<${typeText(key)},${typeText(value)}>` : `${repeated}${typeText(field)}`
  return `${type} ${field.name} = ${field.number}${oneof}${optionsOf(field)}`
}

const typeText = (field: FieldDescriptor): string =>
  field.typeName ?? field.type.replace('TYPE_', '').toLowerCase()

function serviceFacts(item: ServiceDescriptor, scope: string): string[] {
  const name = `${scope}.${item.name}`
  const stream = (isStream: boolean | undefined): string => (isStream ? 'stream ' : '')
  return [
    `service ${name}${optionsOf(item)}`,
    ...item.method.map(
      (rpc) =>
        `service ${name}: ${rpc.name}(${stream(rpc.clientStreaming)}${rpc.inputType}) ` +
        `returns (${stream(rpc.serverStreaming)}${rpc.outputType})${optionsOf(rpc)}`,
    ),
  ]
}

/** The facts of a .proto file, as protobufjs (and so @grpc/proto-loader) reads it. */
export function factsOfProto(path: string): Facts {
  const root = new protobuf.Root()
  const library = new URL('.', import.meta.resolve('protobufjs/package.json')).pathname
  root.resolvePath = (_origin, target) => (target.startsWith('google/') ? `${library}${target}` : target)
  root.loadSync(path, { keepCase: true }).resolveAll()
  return factsOfDescriptor(descriptorOf(root.lookup('csi.v1') as protobuf.Namespace))
}

function descriptorOf(space: protobuf.Namespace): FileDescriptor {
  const members = space.nestedArray
  return {
    name: 'csi.proto',
    package: space.fullName.slice(1),
    syntax: 'proto3',
    options: { goPackage: space.options?.go_package },
    extension: members.filter((item) => item instanceof protobuf.Field).map(extensionOf),
    enumType: members.filter((item) => item instanceof protobuf.Enum).map(enumOf),
    messageType: members.filter((item) => item instanceof protobuf.Type).map(messageOf),
    service: members.filter((item) => item instanceof protobuf.Service).map(serviceOf),
  }
}

/** protobufjs names custom options `(csi_secret)`. */
function custom(options: Options | undefined): { options: Options } {
  const entries = Object.entries(options ?? {}).filter(([name]) => name.startsWith('('))
  return { options: Object.fromEntries(entries.map(([name, value]) => [`[.${name.slice(1, -1)}]`, value])) }
}

const extensionOf = (item: protobuf.Field): FieldDescriptor => ({
  ...fieldOf(item),
  extendee: `.${item.extend}`,
})

const enumOf = (item: protobuf.Enum): EnumDescriptor => ({
  name: item.name,
  ...custom(item.options),
  value: Object.entries(item.values).map(([name, number]) => ({
    name,
    number,
    ...custom(item.valuesOptions?.[name]),
  })),
  ...reservedOf(item.reserved, 0),
})

/** @param past what a range's end is counted past its last number. */
function reservedOf(reserved: readonly (readonly number[] | string)[] | undefined, past: number) {
  const items = reserved ?? []
  return {
    reservedRange: items.flatMap((item) =>
      typeof item === 'string' ? [] : [{ start: item[0]!, end: item[1]! + past }],
    ),
    reservedName: items.filter((item) => typeof item === 'string'),
  }
}

function messageOf(item: protobuf.Type): MessageDescriptor {
  const oneofs = item.oneofsArray.map(({ name }) => ({ name }))
  const maps = item.fieldsArray.filter((field) => field instanceof protobuf.MapField)
  return {
    name: item.name,
    ...custom(item.options),
    oneofDecl: oneofs,
    field: item.fieldsArray.map((field) =>
      field.partOf === null || field.partOf === undefined
        ? fieldOf(field)
        : { ...fieldOf(field), oneofIndex: oneofs.findIndex(({ name }) => name === field.partOf?.name) },
    ),
    nestedType: [
      ...item.nestedArray.filter((nested) => nested instanceof protobuf.Type).map(messageOf),
      ...maps.map(mapEntryOf),
    ],
    enumType: item.nestedArray.filter((nested) => nested instanceof protobuf.Enum).map(enumOf),
    ...reservedOf(item.reserved, 1),
  }
}

function fieldOf(field: protobuf.FieldBase): FieldDescriptor {
  const isMap = field instanceof protobuf.MapField
  const typeName = isMap ? `${field.parent!.fullName}.${entryName(field)}` : field.resolvedType?.fullName
  return {
    name: field.name,
    number: field.id,
    type: field.type,
    label: field.repeated || isMap ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
    ...(typeName === undefined ? {} : { typeName }),
    ...custom(field.options),
  }
}

const mapEntryOf = (field: protobuf.MapField): MessageDescriptor => ({
  name: entryName(field),
  options: { mapEntry: true },
  field: [
    { name: 'key', number: 1, type: field.keyType, label: 'LABEL_OPTIONAL' },
    { name: 'value', number: 2, type: field.type, label: 'LABEL_OPTIONAL' },
  ],
})

const entryName = (field: protobuf.FieldBase): string => `${field.name}.entry`

const serviceOf = (item: protobuf.Service): ServiceDescriptor => ({
  name: item.name,
  ...custom(item.options),
  method: item.methodsArray.map((method) => ({
    name: method.name,
    ...custom(method.options),
    inputType: method.resolvedRequestType!.fullName,
    outputType: method.resolvedResponseType!.fullName,
    clientStreaming: method.requestStream ?? false,
    serverStreaming: method.responseStream ?? false,
  })),
})
