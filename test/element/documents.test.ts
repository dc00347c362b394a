import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errorsPage, openApiDocument } from '../../src/element/documents.ts'
import { API } from '../../src/element/schemas/index.ts'

const reference = (name: string) => readFile(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')
const drift = 'out of date: run `npm run docs`'

test('docs/reference/openapi.json is what the schemas say', async () => {
  expect((await openApiDocument()) === (await reference('openapi.json')), drift).toBe(true)
})

test('docs/reference/errors.md is what the catalogue says', async () => {
  expect(errorsPage() === (await reference('errors.md')), drift).toBe(true)
})

test('the document has every call, and every reference in it leads somewhere', async () => {
  const text = await openApiDocument()
  const document = JSON.parse(text)
  const operations = Object.values<object>(document.paths).flatMap((path) => Object.values(path))
  expect(operations.map((operation) => operation.operationId).sort()).toEqual(Object.keys(API).sort())
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name as string)
  }
})
