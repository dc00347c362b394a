import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** One process writes: only an operator's own look at the file can be in the way. The wait stops everything. */
const BUSY_TIMEOUT_MS = 1000
/** Far more than the element has different queries. */
const MAX_STATEMENTS = 500

/** A database file that can be opened anew, with nothing kept of what was read before. */
export interface SqliteFile {
  readonly current: DatabaseSync
  reopen(): void
}

/** Opens a database file for one process that writes: durable at each commit, readable while it is written. */
export function openFile(path: string): SqliteFile {
  let current = openedAt(path)
  return {
    get current() {
      return current
    },
    reopen: () => {
      const next = openedAt(path)
      current.close()
      current = next
    },
  }
}

function openedAt(path: string): DatabaseSync {
  const file = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
    readBigInts: true, // sizes and times go beyond 2^53
  })
  file.exec('pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off;')
  return file
}

/** Kysely on node:sqlite. One connection; Kysely's own mutex lets one transaction or query at a time have it. */
export function nodeSqliteDialect(file: SqliteFile): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => driverOf(file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** SQLite can take back a change of the schema: a migration that is cut short leaves nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

function driverOf(file: SqliteFile): Driver {
  const connection = connectionTo(file)
  const raw = async (sql: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    // A plain `begin` reads first and may then find that it can't write any more.
    beginTransaction: () => raw('begin immediate'),
    commitTransaction: () => raw('commit'),
    // SQLite has rolled back by itself when the disk was full or failed.
    rollbackTransaction: async () => (file.current.isTransaction ? raw('rollback') : undefined),
    destroy: async () => file.current.close(),
  }
}

function connectionTo(file: SqliteFile): DatabaseConnection {
  const statements = new Map<string, { statement: StatementSync; reads: boolean }>()
  let preparedFor = file.current
  const prepared = (sql: string) => {
    if (preparedFor !== file.current) statements.clear()
    preparedFor = file.current
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    const statement = file.current.prepare(sql)
    const made = { statement, reads: statement.columns().length > 0 }
    statements.set(sql, made)
    return made
  }
  return {
    executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
      const { statement, reads } = prepared(sql)
      const values = parameters as SQLInputValue[]
      if (reads) return { rows: statement.all(...values) as Row[] }
      return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) }
    },
    // biome-ignore lint/correctness/useYield: the interface wants a stream, and nobody streams
    streamQuery: async function* () {
      throw new Error('streaming is not supported')
    },
  }
}
