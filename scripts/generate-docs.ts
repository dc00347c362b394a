import { writeFile } from 'node:fs/promises'
import { referencePages } from './reference-pages.ts'

/** Writes the reference pages that are made from the code. */
for (const [name, text] of Object.entries(await referencePages())) {
  await writeFile(new URL(`../docs/reference/${name}`, import.meta.url), text)
}
