import { from, topology } from '../engine/index.ts'
import { countTerm } from '../processors/count-term.ts'
import { listTerms } from '../processors/list-terms.ts'
import { mixVectors, type VectorChange } from '../processors/mix-vectors.ts'
import { vectorOfCompany } from '../processors/vector-of-company.ts'
import type { ItemId } from '../schemas/ids.ts'
import { itemEmbeddings, itemVectors, products } from '../schemas/topics.ts'
import { changesByItem, company, usesByTerm } from './between.ts'

/**
 * What is an item like, by what it is and by how people use it?
 *
 * Content needs to know how rare each *term* is among all products; behaviour is the company that
 * `similar-items` tells of an item. Both meet by item.
 */
export const itemVectorsTopology = topology('item-vectors')
  .from(products)
  .process(listTerms())
  .through(usesByTerm)
  .process(countTerm())
  .map<ItemId, VectorChange>('terms', ({ key, value }) => ({ key, value }))
  .merge(
    from(company).map<ItemId, VectorChange>('behaviour', vectorOfCompany),
    from(itemEmbeddings).map<ItemId, VectorChange>('embeddings', ({ key, value }) => ({
      key,
      value: { embedding: value === null ? null : value.vector.toString('base64') }
    }))
  )
  .through(changesByItem)
  .process(mixVectors())
  .to(itemVectors)
