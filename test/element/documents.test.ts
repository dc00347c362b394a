import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/reference-pages.ts'
import { errorsPage, openApiDocument } from '../../src/element/documents.ts'
import { API } from '../../src/element/schemas/index.ts'
import { CATALOGUE } from '../../src/volumegroups/index.ts'

test.each(['openapi.json', 'errors.md'])('docs/reference/%s is what the code says', async (name) => {
  const text = await readFile(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')
  const pages = await referencePages()
  expect(text === pages[name], 'out of date: run `npm run docs`').toBe(true)
})

test('the page of errors has every reason, once', () => {
  const reasons = [...errorsPage(() => 'CODE').matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)
  expect(reasons.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted())
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
