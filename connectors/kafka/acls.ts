/** One right that a broker's administrator grants; the fields are those of `kafka-acls.sh`. */
export interface Acl {
  resource: 'topic' | 'group' | 'transactional-id' | 'cluster'
  name: string
  pattern: 'literal' | 'prefixed'
  operations: readonly string[]
}

export interface AclScope {
  /** Prefix of internal topics, views, groups and transactional ids. */
  namespace: string
  /** Topics that are read, not written. */
  inputs: readonly string[]
  /** Topics that others own and that are written too. */
  outputs: readonly string[]
  /** Topics are created by the program, not by an administrator. */
  createsTopics: boolean
}

const groupRights = ['Describe', 'Read']

/**
 * The least rights a stream worker needs. Its group is the namespace, its transactional id `<namespace>-<worker>`, all else
 * is under `<namespace>.`. Idempotent writing needs no right of its own (KIP-679); DeleteRecords needs Delete.
 */
export function aclsNeeded({ namespace, inputs, outputs, createsTopics }: AclScope): Acl[] {
  const internal = createsTopics
    ? ['Create', 'Describe', 'DescribeConfigs', 'Read', 'Write', 'Delete']
    : ['Describe', 'DescribeConfigs', 'Read', 'Write', 'Delete']
  return [
    { resource: 'topic', name: `${namespace}.`, pattern: 'prefixed', operations: internal },
    ...inputs.map(name => topic(name, ['Describe', 'DescribeConfigs', 'Read'])),
    ...outputs.map(name => topic(name, ['Describe', 'DescribeConfigs', 'Read', 'Write'])),
    { resource: 'group', name: namespace, pattern: 'literal', operations: groupRights },
    { resource: 'group', name: `${namespace}.`, pattern: 'prefixed', operations: groupRights },
    ...['-', '.'].map(
      (end): Acl => ({
        resource: 'transactional-id',
        name: `${namespace}${end}`,
        pattern: 'prefixed',
        operations: ['Describe', 'Write']
      })
    )
  ]
}

function topic(name: string, operations: readonly string[]): Acl {
  return { resource: 'topic', name, pattern: 'literal', operations }
}

/** As arguments of `kafka-acls.sh --add --allow-principal User:…`. */
export function aclArguments({ resource, name, pattern, operations }: Acl): string {
  const rights = operations.map(operation => `--operation ${operation}`).join(' ')
  return `--${resource} ${name} --resource-pattern-type ${pattern} ${rights}`
}
