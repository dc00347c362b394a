import type { Logger } from 'pino'

/** What every handler gets beside its request. */
export interface Call {
  /** Has the call's ids bound. */
  readonly log: Logger
  /** Fires when the caller is gone or its deadline has passed: ends the waiting, not the operation. */
  readonly signal: AbortSignal
}

/** Answers one call, or throws StorageError. */
export type Handler<Request, Response> = (request: Request, call: Call) => Promise<Response>

/** Answers one call with a stream that ends when everything was said, or throws StorageError. */
export type StreamHandler<Request, Response> = (request: Request, call: Call) => AsyncIterable<Response>

/** The handlers of one service, by method name. What is left out answers UNIMPLEMENTED. */
export type Handlers<Methods extends Record<string, { request: unknown; response: unknown }>> = {
  readonly [Name in keyof Methods]?: Handler<Methods[Name]['request'], Methods[Name]['response']>
}

/** As Handlers, for a service whose methods all answer with streams. */
export type StreamHandlers<Methods extends Record<string, { request: unknown; response: unknown }>> = {
  readonly [Name in keyof Methods]?: StreamHandler<Methods[Name]['request'], Methods[Name]['response']>
}
