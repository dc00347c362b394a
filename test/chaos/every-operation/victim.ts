import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import { KEY, staged } from '../../contract/operations/moments.ts'
import { SCENARIOS } from '../../contract/operations/scenarios.ts'
import { keyed } from '../../fakes/keyed.ts'
import { createWorld } from '../../fakes/world.ts'

/**
 * A process with an element in it, on a real database file and a real store, which gets a signal right before one of
 * the calls of one operation. Tells what was there before, as a line of JSON.
 */
const [directory, poolPath, name, atCall, signal] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const scenario = SCENARIOS.find((one) => one.name === name)!
const make = () => createWorld(createBtrfsStore({ poolPath }), { directory })

const { element, before, interruption } = await staged(make)
process.stdout.write(`${JSON.stringify(before)}\n`)
interruption.arm([Number(atCall), async () => void process.kill(process.pid, signal)])
await scenario.run(keyed(element.service, KEY), before)
process.exit(0) // as it is: what is open stays open
