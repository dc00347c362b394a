import { status } from '@grpc/grpc-js'
import { errorsPage, openApiDocument } from '../src/element/documents.ts'
import { statusOf } from '../src/rpc/status.ts'
import { type Reason, StorageError } from '../src/volumegroups/index.ts'

/** The pages of docs/reference/ that are made from the code, by their file names. */
export async function referencePages(): Promise<Readonly<Record<string, string>>> {
  return { 'openapi.json': await openApiDocument(), 'errors.md': errorsPage(grpcCodeOf) }
}

const grpcCodeOf = (reason: Reason): string => status[statusOf(new StorageError(reason, '')).code] ?? ''
