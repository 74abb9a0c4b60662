import test from 'ava'
import { MemoryStore } from './memory-store.ts'
import { storeContract } from './store-contract.ts'

storeContract(test, 'memory', async () => new MemoryStore())
