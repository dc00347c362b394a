import type { CommandNode, CommandTree, OptionNode } from './tree.ts'

/** A completion script for fish. */
export function fishScript({ program, everywhere, commands }: CommandTree): string {
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => quote(` ${path}`))
  return `# Completion for fish. Load it with: ${program} completion fish | source
function __${program}_at
  set -l at
  for word in (commandline -opc)[2..]
    if contains -- "$at $word" ${paths.join(' ')}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c ${program} -f
${everywhere.map((option) => optionLine(`complete -c ${program}`, option)).join('\n')}
${commands.flatMap((command) => linesOf(program, command)).join('\n')}
`
}

function linesOf(program: string, { path, words, options }: CommandNode): string[] {
  const start = `complete -c ${program} -n ${quote(`__${program}_at ${quote(path === '' ? '' : ` ${path}`)}`)}`
  return [
    ...words.map(({ word, about }) => `${start} -a ${quote(word)}${about && ` -d ${quote(about)}`}`),
    ...options.map((option) => optionLine(start, option)),
  ]
}

function optionLine(start: string, { word, about, value }: OptionNode): string {
  const takes = value.kind === 'choice' ? ` -x -a ${quote(value.choices.join(' '))}` : TAKES[value.kind]
  return `${start} -l ${word.slice(2)}${takes} -d ${quote(about)}`
}

/** What fish calls an option without a value, with a file, and with any other. */
const TAKES = { none: '', file: ' -r -F', free: ' -x' } as const

const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
