import test from 'ava'
import { nodeHttp } from './node-http.ts'
import { transportContract } from './transport-contract.ts'

transportContract(test, nodeHttp)
