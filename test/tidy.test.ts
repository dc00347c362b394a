import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The house rules as a test: each failure is a sentence that says what to do.
 * A rule that hinders clarity is changed here, with its reason.
 */

const ROOT = resolve(import.meta.dirname, '..')

/** Who may import whom. `main` wires everything, so it may import all. */
const IMPORTS: Record<string, readonly string[]> = {
  lib: [],
  iscsi: [],
  journal: ['lib'],
  volumegroups: ['lib', 'journal'],
  config: ['lib', 'volumegroups'],
  database: ['lib', 'journal', 'volumegroups'],
  host: ['lib', 'volumegroups'],
  initiators: ['lib', 'volumegroups', 'iscsi', 'host'],
  element: ['lib', 'journal', 'volumegroups'],
  endpoints: ['lib', 'volumegroups', 'element/schemas'],
  rpc: ['lib', 'volumegroups'],
  csi: ['lib', 'rpc', 'volumegroups'],
  controller: ['lib', 'csi', 'rpc', 'volumegroups'],
  node: ['lib', 'csi', 'rpc', 'volumegroups', 'host'],
  cli: ['lib', 'config', 'volumegroups', 'endpoints'],
  main: ['*'],
}

const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 60
/** Made by a program from proto/csi.proto, and a table: nobody reads it top-down. */
const UNCAPPED = ['src/csi/messages.ts', 'src/volumegroups/catalogue.ts']
/** The one place that starts processes. */
const SPAWNER = 'src/host/exec.ts'
const LEFTOVERS = /\b(TODO|FIXME|XXX|HACK)\b|\bdebugger\b|\bconsole\.(log|debug)\(|\.only\(/

const sources = filesIn('src')
const tests = filesIn('test')

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** Comments may talk about what code may not do. */
const codeOf = (file: string): string => read(file).replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g, '')

function importsOf(file: string): string[] {
  return [...read(file).matchAll(/from '(\.[^']+)'/g)].map((match) =>
    relative(ROOT, resolve(ROOT, dirname(file), match[1] as string)),
  )
}

test('every part imports only what the table allows', () => {
  const faults = sources.flatMap((file) => {
    const part = file.split('/')[1] as string
    const allowed = IMPORTS[part]
    if (allowed === undefined) return [`${file}: give the new part "${part}" a row in the import table`]
    return importsOf(file)
      .filter((target) => !isAllowed(part, allowed, target))
      .map(
        (target) =>
          `${file}: must not import ${target}; go through a port in volumegroups, or wire it in main`,
      )
  })
  expect(faults).toEqual([])
})

function isAllowed(part: string, allowed: readonly string[], target: string): boolean {
  return ['*', part, ...allowed].some((name) => name === '*' || target.startsWith(`src/${name}/`))
}

test('no file is longer than its cap', () => {
  const faults = [...sources, ...tests]
    .filter((file) => !UNCAPPED.includes(file))
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (file.startsWith('src/') ? MAX_FILE_LINES : 2 * MAX_FILE_LINES))
    .map(({ file, lines }) => `${file}: ${lines} lines; split it by idea`)
  expect(faults).toEqual([])
})

test('no function is longer than its cap', () => {
  const faults = sources
    .filter((file) => !UNCAPPED.includes(file))
    .flatMap((file) => longFunctions(read(file)).map((found) => `${file}:${found}; split it by idea`))
  expect(faults).toEqual([])
})

/** Functions as the formatter lays them out: from an opening line to the closing brace at the same indent. */
function longFunctions(text: string): string[] {
  const lines = text.split('\n')
  const opening = /^(\s*)(?!(?:if|for|while|switch|return|throw|else|do|try|catch)\b)\S.*(?:\)|\): .*|=>) \{$/
  return lines.flatMap((line, start) => {
    const indent = opening.exec(line)?.[1]
    if (indent === undefined || /^\s*(describe|test|it)\(/.test(line)) return []
    const end = lines.findIndex((later, index) => index > start && later.startsWith(`${indent}}`))
    const length = end - start + 1
    return length > MAX_FUNCTION_LINES ? [`${start + 1}: a function of ${length} lines`] : []
  })
}

test('functions take at most four parameters', () => {
  const declaration = /function\*? [\w$]*(?:<[^(]*>)?\(([^()]*)\)/g
  const faults = sources.flatMap((file) =>
    [...codeOf(file).matchAll(declaration)]
      .filter(
        (match) =>
          (match[1] as string)
            .replace(/<[^<>]*>|\{[^{}]*\}/g, 'x') // a type's own commas, or the fields of one parameter
            .split(',')
            .filter((name) => name.trim()).length > 4,
      )
      .map(
        (match) => `${file}: ${match[0].slice(0, 60)}… has more than four parameters; take an options object`,
      ),
  )
  expect(faults).toEqual([])
})

test('every test file mirrors a source file', () => {
  const free = [
    'fakes',
    'contract',
    'support',
    'sanity',
    'demo',
    'bench',
    'guest',
    'cluster',
    'proto',
    'fio',
    'chaos',
  ]
  const faults = tests
    .filter((file) => file.endsWith('.test.ts') && file.split('/').length > 2)
    .filter((file) => !free.includes(file.split('/')[1] as string))
    .filter((file) => !existsSync(join(ROOT, sourceOf(file))) && !existsSync(join(ROOT, folderOf(file))))
    .map((file) => `${file}: rename it after the source it tests (${sourceOf(file)})`)
  expect(faults).toEqual([])
})

const folderOf = (file: string): string =>
  file.replace('test/', 'src/').replace(/(\.real|\.guest|\.inside)?\.test\.ts$/, '')
const sourceOf = (file: string): string => `${folderOf(file)}.ts`

test('only one file starts processes', () => {
  const faults = sources
    .filter((file) => file !== SPAWNER && codeOf(file).includes('child_process'))
    .map((file) => `${file}: run the command through ${SPAWNER}`)
  expect(faults).toEqual([])
})

test('only config reads the environment', () => {
  const faults = sources
    .filter((file) => !file.startsWith('src/config/') && /process\.env\b/.test(codeOf(file)))
    .map((file) => `${file}: take the value as an argument, and read it in src/config`)
  expect(faults).toEqual([])
})

test('only main ends the process', () => {
  const faults = sources
    .filter((file) => !file.startsWith('src/main/') && /process\.exit\(/.test(codeOf(file)))
    .map((file) => `${file}: throw instead; main decides how a process ends`)
  expect(faults).toEqual([])
})

test('the domain has no logger', () => {
  const faults = sources
    .filter((file) => /^src\/(volumegroups|journal|iscsi|lib)\//.test(file) && /from 'pino'/.test(read(file)))
    .map((file) => `${file}: throw with a cause, or call back; the edge logs`)
  expect(faults).toEqual([])
})

test('nothing is left over', () => {
  const faults = [...sources, ...tests, ...filesIn('scripts')]
    .filter((file) => file !== 'test/tidy.test.ts')
    .flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, index) => ({ line, where: `${file}:${index + 1}` }))
        .filter(({ line, where }) => LEFTOVERS.test(line) && !/^test\/(demo|bench|run|sanity)/.test(where))
        .map(({ line, where }) => `${where}: finish it or remove it: ${line.trim()}`),
    )
  expect(faults).toEqual([])
})

test('no default exports', () => {
  const faults = sources
    .filter((file) => /^export default /m.test(read(file)))
    .map((file) => `${file}: export by name`)
  expect(faults).toEqual([])
})

test('file names are kebab-case, but for what is named after an RPC, an operation or a verb', () => {
  const faults = sources
    .filter((file) => !/^src\/(controller|node|volumegroups\/operations|cli|csi)\//.test(file))
    .filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file.split('/').at(-1) as string))
    .map((file) => `${file}: rename it in kebab-case`)
  expect(faults).toEqual([])
})
