import type { Command, Option } from 'commander'

/** What can follow an option: nothing, one of these, a file, or something that can't be guessed. */
export type OptionValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'file' }
  | { readonly kind: 'free' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }

export interface Suggestion {
  readonly word: string
  readonly about: string
}

/** One command, as a completion script needs to know it. */
export interface CommandNode {
  /** The words that lead to it: `disk list`; of the program itself: none. */
  readonly path: string
  /** What can follow: commands, or the choices of its first argument. */
  readonly words: readonly Suggestion[]
  /** Its options and the program's. */
  readonly options: readonly (Suggestion & { readonly value: OptionValue })[]
}

/** Every command of the program, with all that can follow it. */
export function commandsOf(program: Command): readonly CommandNode[] {
  return nodesBelow(program, '', [])
}

function nodesBelow(command: Command, path: string, inherited: readonly Option[]): CommandNode[] {
  const options = [...command.options, ...inherited]
  const node = { path, words: wordsOf(command), options: [...options.flatMap(optionOf), HELP] }
  const below = command.commands.flatMap((child) =>
    nodesBelow(child, `${path} ${child.name()}`.trim(), options),
  )
  return [node, ...below]
}

const HELP = { word: '--help', about: 'say more', value: { kind: 'none' } } as const

function wordsOf(command: Command): readonly Suggestion[] {
  const choices = command.registeredArguments[0]?.argChoices ?? []
  return [
    ...command.commands.map((child) => ({ word: child.name(), about: child.description() })),
    ...choices.map((word) => ({ word, about: '' })),
  ]
}

function optionOf(option: Option): readonly CommandNode['options'][number][] {
  if (option.long === undefined || option.long === null) return []
  return [{ word: option.long, about: option.description, value: valueAfter(option) }]
}

/** An option whose value can be left out is followed by anything. */
function valueAfter({ flags, argChoices, required }: Option): OptionValue {
  if (!required) return { kind: 'none' }
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices }
  return flags.endsWith('<file>') ? { kind: 'file' } : { kind: 'free' }
}
