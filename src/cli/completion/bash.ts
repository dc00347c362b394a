import { pathsOf, valueCases } from './cases.ts'
import type { CommandNode } from './tree.ts'

/** A completion script for bash 4 or later, without its bash-completion package. */
export function bashScript(program: string, commands: readonly CommandNode[]): string {
  return `# Completion for bash. Load it with: source <(${program} completion bash)
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|$before" in
${valueCases(commands, VALUES)}
  esac
  case "$at" in
${commands.map(wordsOf).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${program} ${program}
`
}

const VALUES = {
  choice: (words: string) => `COMPREPLY=($(compgen -W '${words}' -- "$current"))`,
  file: 'COMPREPLY=($(compgen -f -- "$current"))',
}

function wordsOf({ path, words, options }: CommandNode): string {
  const all = [...words, ...options].map(({ word }) => word).join(' ')
  return `    '${path}') words='${all}' ;;`
}
