/** What the edge must know of a field to log it and to hold its limits; made from the proto. */
export interface Field {
  readonly kind: 'string' | 'map' | 'message' | 'other'
  /** The message type of a field of kind `message`. */
  readonly type?: string
  readonly repeated?: true
  /** Its content never reaches a log. */
  readonly secret?: true
}

/** The fields of one message type, by name. */
export type MessageFields = Readonly<Record<string, Field>>

/** Every message type of a protocol, by name. */
export type Schema = Readonly<Record<string, MessageFields>>
