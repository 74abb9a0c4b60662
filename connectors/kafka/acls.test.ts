import test from 'ava'
import { aclArguments, aclsNeeded } from './acls.ts'

test('a worker needs its own prefix and reads its inputs, nothing more', t => {
  const acls = aclsNeeded({ namespace: 'shop', inputs: ['orders'], outputs: [], createsTopics: false })
  t.deepEqual(acls.map(aclArguments), [
    '--topic shop. --resource-pattern-type prefixed --operation Describe --operation DescribeConfigs --operation Read --operation Write --operation Delete',
    '--topic orders --resource-pattern-type literal --operation Describe --operation DescribeConfigs --operation Read',
    '--group shop --resource-pattern-type literal --operation Describe --operation Read',
    '--group shop. --resource-pattern-type prefixed --operation Describe --operation Read',
    '--transactional-id shop- --resource-pattern-type prefixed --operation Describe --operation Write',
    '--transactional-id shop. --resource-pattern-type prefixed --operation Describe --operation Write'
  ])
})

test('nothing asks for rights over the cluster', t => {
  const acls = aclsNeeded({ namespace: 'shop', inputs: ['a'], outputs: ['b'], createsTopics: true })
  t.false(acls.some(({ resource }) => resource === 'cluster'))
  t.true(acls[0].operations.includes('Create'))
})
