import { aclArguments, aclsNeeded } from '../connectors/kafka/acls.ts'
import type { Config } from '../schemas/config.ts'
import { topicsOnKafka } from './compose-kafka-topologies.ts'

/** The least rights on the brokers, as arguments of `kafka-acls.sh`: of topics outside the namespace, each by its name. */
export function composeAcls(config: Config): string[] {
  const { namespace } = config
  const outputs = topicsOnKafka(config).flatMap(({ name }) => (name.startsWith(`${namespace}.`) ? [] : [name]))
  return aclsNeeded({ namespace, inputs: [], outputs: outputs.sort(), createsTopics: true }).map(aclArguments)
}
