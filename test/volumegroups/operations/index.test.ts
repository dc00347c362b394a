import { operationsContract } from '../../contract/operations.ts'
import { createWorld } from '../../fakes/world.ts'

operationsContract('memory store', createWorld)
