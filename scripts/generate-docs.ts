import { writeFile } from 'node:fs/promises'
import { errorsPage, openApiDocument } from '../src/element/documents.ts'

/** Writes the reference pages that are made from the code. */
const reference = new URL('../docs/reference/', import.meta.url)
await writeFile(new URL('openapi.json', reference), await openApiDocument())
await writeFile(new URL('errors.md', reference), errorsPage())
