import { randomUUID } from 'node:crypto'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'
import { StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { type Auth, checkAuth, type Identity } from './auth.ts'
import { refuseOtherMethods } from './methods.ts'
import { type Metrics, serveMetrics } from './metrics.ts'
import { OPENAPI } from './openapi.ts'
import { toProblem, toStorageError } from './problems.ts'
import { attachmentRoutes } from './routes/attachments.ts'
import { auditRoutes } from './routes/audits.ts'
import { backupRoutes } from './routes/backups.ts'
import { contentRoutes } from './routes/contents.ts'
import { deletionRoutes } from './routes/deletions.ts'
import { diskRoutes } from './routes/disks.ts'
import { initiatorRoutes } from './routes/initiators.ts'
import { operationRoutes } from './routes/operations.ts'
import { policyRoutes } from './routes/policies.ts'
import { projectRoutes } from './routes/projects.ts'
import { recoveryRoutes } from './routes/recoveries.ts'
import { recoveryPointRoutes } from './routes/recovery-points.ts'
import { statusRoutes } from './routes/status.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { volumeGroupRoutes } from './routes/volume-groups.ts'
import { type CallName, PROBLEM_MEDIA_TYPE } from './schemas/index.ts'
import { createServe } from './serve.ts'
import { refuseUnreadable } from './unreadable.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    call?: CallName
  }
  interface FastifyRequest {
    /** Who calls. */
    identity: Identity | undefined
    /** Why the request failed: for the log line of its end. */
    failure: StorageError | undefined
    /** The id of what the call gave back: for the same line. */
    entity: string | undefined
  }
}

export interface ElementApiOptions {
  readonly groups: VolumeGroups
  readonly auth: Auth
  readonly log: Logger
  /** Left out: nothing is measured, and /metrics is not served. */
  readonly metrics?: Metrics | undefined
  /** Left out: plain HTTP, for a unix socket. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
}

const MAX_BODY_BYTES = 64 * 1024
const MAX_CONNECTIONS = 1024
const MAX_IN_FLIGHT = 256
/** A request must have come in whole by then. */
const RECEIVE_TIMEOUT_MS = 30_000
/** Longer than what clients keep an idle connection, so that the client is the one to close it. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000

/** The element's REST API under /v1: translates, and nothing else. Every rule is behind `groups`. */
export function createElementApi(options: ElementApiOptions): FastifyInstance {
  const { groups, auth, log, metrics, tls } = options
  checkAuth(auth)
  const app = Fastify({
    ...(tls && { https: tls }),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    clientErrorHandler: refuseUnreadable,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    routerOptions: { maxParamLength: 1024 },
  }) as unknown as FastifyInstance
  app.server.maxConnections = MAX_CONNECTIONS
  // The calls' own descriptions check requests and encode answers: see serve.ts.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.decorateRequest('identity', undefined)
  app.decorateRequest('failure', undefined)
  app.decorateRequest('entity', undefined)
  limitInFlight(app)
  answerProblems(app)
  logRequests(app)
  logHangUps(app)
  if (metrics !== undefined) serveMetrics(app, metrics, auth)
  app.register(swagger, OPENAPI)
  app.register(async (scope) => {
    const serve = createServe(scope, groups, auth)
    const routes = [
      projectRoutes,
      tokenRoutes,
      statusRoutes,
      volumeGroupRoutes,
      diskRoutes,
      deletionRoutes,
      recoveryPointRoutes,
      contentRoutes,
      backupRoutes,
      recoveryRoutes,
      auditRoutes,
    ]
    for (const add of [...routes, initiatorRoutes, attachmentRoutes, operationRoutes, policyRoutes])
      add(serve, groups)
    refuseOtherMethods(scope)
  })
  return app
}

function limitInFlight(app: FastifyInstance): void {
  let inFlight = 0
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'request-id': request.id, 'cache-control': 'no-store' })
    inFlight += 1
    reply.raw.once('close', () => {
      inFlight -= 1
    })
    const isProbe = request.routeOptions.config.call === 'status'
    if (inFlight > MAX_IN_FLIGHT && !isProbe) {
      throw new StorageError('TOO_MANY_CALLS', `${MAX_IN_FLIGHT} requests are under way already`)
    }
  })
}

function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler(async (request) => {
    throw new StorageError('NOT_FOUND', `there is no ${request.method} ${request.url.slice(0, 200)} here`)
  })
  app.setErrorHandler(async (error, request, reply) => {
    const failure = toStorageError(error)
    const problem = toProblem(failure, request.id)
    request.failure = failure
    if (failure.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
    if (failure.kind === 'busy' || failure.kind === 'unavailable') reply.header('retry-after', '1')
    return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem))
  })
}

/** One line for each request, when it is over; with the whole chain of causes when there are any. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { failure, entity, log } = request
    const fields = {
      ...nameOf(request),
      entity,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    }
    if (failure === undefined) {
      log[request.method === 'GET' ? 'debug' : 'info'](fields, 'request served')
      return
    }
    const { reason, message: detail, kind, cause } = failure
    const chain = cause === undefined ? {} : { err: failure }
    log[kind === 'internal' ? 'error' : 'warn']({ ...fields, reason, detail, ...chain }, 'request failed')
  })
}

function logHangUps(app: FastifyInstance): void {
  app.addHook('onRequestAbort', async (request) => {
    request.log.warn(nameOf(request), 'caller hung up')
  })
}

function nameOf({ routeOptions, method, params }: FastifyRequest): object {
  return { method, call: routeOptions.config.call, params }
}
