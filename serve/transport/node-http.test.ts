import test from 'ava'
import { nodeHttp } from './node-http.ts'
import { transportContract } from './transport-contract.ts'

transportContract(test, nodeHttp, {
  queuesRequests: true,
  continuesWhenAdmitted: true,
  timesHeads: true,
  answersMalformed: true
})
