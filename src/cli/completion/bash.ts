import { pathsOf, valueCases } from './cases.ts'
import type { CommandNode, CommandTree, Suggestion } from './tree.ts'

/** A completion script for bash 4 or later, without its bash-completion package. */
export function bashScript(tree: CommandTree): string {
  const { program, everywhere, commands } = tree
  return `# Completion for bash. Load it with: source <(${program} completion bash)
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(tree)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|$before" in
${valueCases(tree, VALUES)}
  esac
  case "$at" in
${commands.map(wordsOf).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words ${listOf(everywhere)}" -- "$current"))
}
complete -F _${program} ${program}
`
}

const VALUES = {
  choice: (words: string) => `COMPREPLY=($(compgen -W '${words}' -- "$current"))`,
  file: 'COMPREPLY=($(compgen -f -- "$current"))',
}

const wordsOf = ({ path, words, options }: CommandNode): string =>
  `    '${path}') words='${listOf([...words, ...options])}' ;;`

const listOf = (suggestions: readonly Suggestion[]): string => suggestions.map(({ word }) => word).join(' ')
