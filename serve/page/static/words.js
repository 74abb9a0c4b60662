/** What the page says about products, in the reader's words. */

/** Shops that shout are read more easily in a calm voice. */
export function readable(title) {
  if (/\p{Ll}/u.test(title)) return title
  const calm = title.toLowerCase()
  return calm.charAt(0).toUpperCase() + calm.slice(1)
}

export function readablePath(category) {
  return category.split(' > ').map(readableStep).join(' › ')
}

const readableStep = step => step.charAt(0).toUpperCase() + step.slice(1)

/** Without a name: the product is the one whose page this is. */
const sentences = {
  similar_to_viewed: name => (name ? `Because you looked at ${name}` : 'Liked by the same people'),
  viewed_then_bought: name => (name ? `Bought after a look at ${name}` : 'Bought after a look at this'),
  bought_together: name => (name ? `Often bought together with ${name}` : 'Often bought together'),
  because_of_affinity: name => (name ? `Because you like ${name}` : 'To your taste'),
  bought_before: () => 'You bought it before',
  recently_viewed: () => 'You looked at it lately',
  similar_content: name => (name ? `Reads like ${name}` : 'Reads alike'),
  popular_in_category: name => (name ? `Popular in ${name}` : 'Popular in its category'),
  popular: () => 'Popular with everybody',
  trending: () => 'On the rise today',
  new_arrival: () => 'New in the shop',
  fills_list: () => 'Also in the shop'
}

/** `titleOf(id)` may not know. `here`: the product whose page this is. */
export function reasonText(reason, titleOf, here) {
  if (reason === undefined) return ''
  const isNamed = reason.product_id !== undefined && reason.product_id !== here
  const title = isNamed ? titleOf(reason.product_id) : undefined
  const named = title ?? (reason.category === undefined ? reason.brand : readablePath(reason.category))
  return (sentences[reason.code] ?? sentences.fills_list)(named)
}

export function money(price, currency) {
  if (price === null || price === undefined) return ''
  const style = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 }
  return new Intl.NumberFormat(undefined, style).format(price)
}

export const count = number => new Intl.NumberFormat().format(number)

export function duration(ms) {
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

export function changeText({ added, up, removed }) {
  const parts = []
  if (added > 0) parts.push(`${added} new`)
  if (up > 0) parts.push(`${up} moved up`)
  if (parts.length === 0 && removed > 0) parts.push(`${removed} gone`)
  return parts.join(', ')
}
