import { Command } from 'commander'
import { fail, runUntilStopped } from './lifecycle.ts'
import { VERSION } from './version.ts'

/** `mooring`: one program for every part. Each part is loaded only when it is asked for. */
const program = new Command('mooring')
  .description('Guest-attached volume groups for Kubernetes')
  .version(VERSION)
  .showHelpAfterError()

program
  .command('element')
  .description('run the control plane of this storage host')
  .requiredOption('--config <file>', 'see deploy/config/element.yaml')
  .action(({ config }) =>
    runUntilStopped(async () => (await import('./element.ts')).startElement(config as string)),
  )

program
  .command('controller')
  .description('run the CSI controller service')
  .requiredOption('--config <file>', 'see deploy/config/controller.yaml')
  .action(({ config }) =>
    runUntilStopped(async () => (await import('./controller.ts')).startController(config as string)),
  )

program
  .command('node')
  .description('run the CSI node service of this guest')
  .requiredOption('--config <file>', 'see deploy/config/node.yaml')
  .action(({ config }) =>
    runUntilStopped(async () => (await import('./node.ts')).startNode(config as string)),
  )

const keeper = program.command('keeper').description('look after the process that holds a node’s disks')
keeper
  .command('stop')
  .description('stop it; refused while disks are attached through it')
  .requiredOption('--config <file>', 'the node’s configuration')
  .action(async ({ config }) => (await import('./stop-keeper.ts')).stopKeeper(config as string))

program
  .command('restore-database')
  .description('put a backup in the place of the database of an element that does not run')
  .argument('<file>', 'a backup of this element')
  .requiredOption('--config <file>', 'the element’s configuration')
  .option('--element-id <id>', 'use the backup of this element, though nothing shows that it is this one')
  .action(async (file, options) =>
    (await import('./restore-database.ts')).runRestore(file as string, options as { config: string }),
  )

const words = process.argv.slice(2)
const isDaemon = program.commands.some((command) => command.name() === words[0])
// The operator's verbs are read only when one of them, or help, is wanted: a daemon starts without them.
await (isDaemon
  ? program.parseAsync()
  : import('./operator.ts').then(({ runOperator }) => runOperator(program, words))
).catch(fail)
