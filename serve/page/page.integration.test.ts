import test from 'ava'
import { chromium, type Page } from 'playwright-core'
import { browserTests } from '../testing/browser.ts'
import { startCutOff } from '../testing/cut-off.ts'
import { startShop } from '../testing/page-shop.ts'

const { browserTest, open } = browserTests(test, chromium)

browserTest('a visitor sees products, prices and reasons on every surface', async t => {
  const { url } = await startShop(t)
  const { page, complaints } = await open(t, url)
  for (const surface of ['home', 'cart', 'email']) {
    const first = page.locator(`#${surface}-list .item`).first()
    t.is(await first.locator('.title').textContent(), 'Product 1')
    t.is(await first.locator('.price').textContent(), '£1.00')
    t.is(await first.locator('.reason').textContent(), 'Popular with everybody')
    t.is(await first.locator('svg').count(), 1)
  }
  await page.getByText('Open any product').waitFor()
  t.is(
    await page
      .locator('#connection')
      .textContent()
      .then(text => text?.trim()),
    'Live'
  )
  t.deepEqual(complaints, [])
})

browserTest('a click is sent over the WebSocket, and every list follows', async t => {
  const { url, shop } = await startShop(t)
  const { page, complaints } = await open(t, url)
  await item(page, 'home', 'Product 4').click()
  await item(page, 'home', 'Product 5', 1).waitFor()
  await item(page, 'email', 'Product 5', 1).waitFor()
  t.is(await item(page, 'home', 'Product 5').locator('.reason').textContent(), 'Because you looked at Product 4')
  t.is(await page.locator('#stage-name').textContent(), 'Product 4')
  await item(page, 'product', 'Product 5').waitFor()
  await item(page, 'similar', 'Product 5').waitFor()
  await item(page, 'together', 'Product 5').waitFor()
  await page.getByText(/durable in/).waitFor()
  t.like(shop.events[0], { event_type: 'view', product_id: 'p4', user_id: null })
  t.like(shop.events[0].context, { referrer: 'home', position: 4, price: 4 })
  t.regex(String(shop.events[0].context.recommendation_id), /^rec_/)
  t.deepEqual(complaints, [])
})

browserTest('what is new in a list is marked and told', async t => {
  const { url } = await startShop(t)
  const { page } = await open(t, url)
  await item(page, 'home', 'Product 4').click()
  t.is(await item(page, 'home', 'Product 14').locator('.mark').textContent(), 'New')
  t.is(await page.locator('#home-said').textContent(), '4 new')
  t.is(await item(page, 'home', 'Product 5').locator('.mark').textContent(), '')
  await page.locator('#announcement', { hasText: /Viewed Product 4.*Home: 4 new/ }).waitFor()
  t.pass()
})

browserTest('a customer is picked by name, and has answers of their own', async t => {
  const { url, shop } = await startShop(t)
  const { page, complaints } = await open(t, url)
  await page.getByRole('combobox', { name: 'Shopping as' }).click()
  await page.getByRole('option', { name: /Anonymous visitor/ }).waitFor()
  await page.keyboard.type('berthe')
  await page.getByRole('option', { name: /Berthe.*France · 7 orders/ }).click()
  await page.getByText('Top picks for Berthe').waitFor()
  await item(page, 'home', 'Product 2').click()
  await item(page, 'home', 'Product 3', 1).waitFor()
  t.is(shop.events[0].user_id, 'u2')
  t.is(await page.locator('#email-to').textContent(), 'Berthe')
  await page.getByRole('combobox', { name: 'Shopping as' }).click()
  await page.getByRole('option', { name: /Anonymous visitor/ }).click()
  await item(page, 'home', 'Product 1', 1).waitFor()
  t.deepEqual(complaints, [])
})

browserTest('a product is found by the beginnings of its words', async t => {
  const { url, shop } = await startShop(t)
  const { page } = await open(t, url)
  await page.getByRole('combobox', { name: 'Find a product' }).fill('prod 23')
  await page.getByRole('option', { name: /Product 23/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('#stage-name', { hasText: 'Product 23' }).waitFor()
  await item(page, 'home', 'Product 24', 1).waitFor()
  t.is(shop.events[0].context.referrer, 'search')
})

browserTest('a cart is filled, thinned out and bought: events, and the rows of an order', async t => {
  const { url, shop } = await startShop(t)
  const { page, complaints } = await open(t, url)
  await page.getByRole('button', { name: 'Add Product 3 to the cart' }).first().click()
  await item(page, 'home', 'Product 6').click()
  await page.locator('#stage-add').dblclick()
  await page.getByRole('button', { name: 'Remove Product 3' }).click()
  t.is(await page.locator('#cart-total').textContent(), '£12.00')
  await page.getByRole('button', { name: 'Buy' }).click()
  await page
    .locator('#feed')
    .getByText(/^Bought Product 6 for £12.00/)
    .waitFor()
  await page.getByText('Nothing in it.').waitFor()
  await until(() => shop.rows.length === 2)
  const types = shop.events.map(event => event.event_type)
  t.deepEqual(types, ['add_to_cart', 'view', 'add_to_cart', 'add_to_cart', 'remove_from_cart', 'purchase'])
  t.like(shop.rows[0], { table: 'orders', row: { total: 12 } })
  t.like(shop.rows[1], { table: 'order-items', row: { product_id: 'p6', qty: 2, price: 6 } })
  t.is(shop.events[5].context.order_id, shop.rows[0].key)
  t.deepEqual(complaints, [])
})

browserTest('all of it works by keyboard: one stop per list, arrows within, focus stays on what moves', async t => {
  const { url, shop } = await startShop(t)
  const { page, complaints } = await open(t, url)
  await item(page, 'home', 'Product 1').waitFor()
  await page.keyboard.press('Tab')
  t.is(await focused(page), 'Skip to the recommendations')
  await tabTo(page, '#home-list .open')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  t.regex(await focused(page), /^Product 7/)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await item(page, 'home', 'Product 3', 1).waitFor()
  t.is(shop.events[0].product_id, 'p2')
  t.true(await page.evaluate("document.activeElement.matches('#home-list .open')"))
  await page.keyboard.press('End')
  t.regex(await focused(page), /^Product 12/)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await until(() => shop.events.length === 2)
  t.like(shop.events[1], { event_type: 'add_to_cart', product_id: 'p12' })
  await tabTo(page, '#buy')
  await page.keyboard.press('Enter')
  await until(() => shop.events.length === 3)
  await tabTo(page, 'body')
  t.deepEqual(complaints, [])
})

browserTest('Escape gives a field back its text, and takes nothing', async t => {
  const { url, shop } = await startShop(t)
  const { page } = await open(t, url)
  await page.getByRole('combobox', { name: 'Shopping as' }).focus()
  await page.keyboard.type('ada')
  await page.getByRole('option', { name: /Ada/ }).waitFor()
  t.is(
    await page.getByRole('combobox', { name: 'Shopping as' }).getAttribute('aria-activedescendant'),
    'customer-options-0'
  )
  await page.keyboard.press('Escape')
  t.is(await page.getByRole('combobox', { name: 'Shopping as' }).inputValue(), 'Anonymous visitor')
  t.is(await page.getByRole('combobox', { name: 'Shopping as' }).getAttribute('aria-expanded'), 'false')
  t.true(shop.asked.every(query => query.user_id === undefined))
})

for (const width of [360, 768, 1280]) {
  browserTest(`at ${width} px nothing scrolls sideways, and nothing jumps by itself`, async t => {
    const { url } = await startShop(t)
    const { page } = await open(t, url, { viewport: { width, height: 740 } })
    await item(page, 'home', 'Product 4').click()
    await item(page, 'home', 'Product 5', 1).waitFor()
    await page.locator('#product summary').click()
    await page.getByText(/surface":"product/).waitFor()
    t.is(await page.evaluate('document.documentElement.scrollWidth'), width)
    const shifted = await page.evaluate<number>('shifted')
    t.true(shifted < 0.02, `layout shift ${shifted}`)
  })
}

browserTest('who wants less motion gets none', async t => {
  const { url } = await startShop(t)
  const { page } = await open(t, url, { reducedMotion: 'reduce' })
  await item(page, 'home', 'Product 4').click()
  await item(page, 'home', 'Product 5', 1).waitFor()
  t.is(await page.evaluate('document.getAnimations().length'), 0)
})

browserTest('the request behind a list can be pasted into a terminal', async t => {
  const { url, ask } = await startShop(t)
  const { page } = await open(t, url)
  await page.locator('#home summary').click()
  const command = (await page.locator('#home pre').textContent()) ?? ''
  const [, body] = /^curl '[^']+\/v1\/recommendations' \\\n {2}-H '[^']+' \\\n {2}-d '(.*)'$/.exec(command) ?? []
  const answer = await ask('/v1/recommendations', { body: JSON.parse(body) })
  t.is(answer.body.items.length, JSON.parse(body).limit)
})

browserTest('when the line is cut, clicks are kept and sent once it is back', async t => {
  const { port, shop } = await startShop(t)
  const line = await startCutOff(t, port)
  const { page } = await open(t, line.url)
  await item(page, 'home', 'Product 1').waitFor()
  line.cut()
  await page
    .getByText(/^(Retry in|Reconnecting)/)
    .first()
    .waitFor()
  await page.locator('#feed').getByText('Connection lost').waitFor()
  await item(page, 'home', 'Product 4').click()
  await page.waitForTimeout(200)
  t.is(shop.events.length, 0)
  line.mend()
  await item(page, 'home', 'Product 5', 1).waitFor()
  await page.locator('#feed').getByText('Connected again').waitFor()
  t.deepEqual(
    shop.events.map(event => event.product_id),
    ['p4']
  )
})

browserTest('an event that was sent, but not acknowledged, is sent again with the same id', async t => {
  const { port, shop } = await startShop(t)
  const line = await startCutOff(t, port)
  const { page } = await open(t, line.url)
  await item(page, 'home', 'Product 1').waitFor()
  shop.isOverloaded = true
  await item(page, 'home', 'Product 4').click()
  await page.getByText('sent …').waitFor()
  line.cut()
  shop.isOverloaded = false
  line.mend()
  await item(page, 'home', 'Product 5', 1).waitFor()
  t.is(shop.events.length, 1)
})

browserTest('a server that asks for a key gets one from the reader, and only then are there lists', async t => {
  const keys = [{ secret: 'chief', scopes: ['admin'] as const }]
  const { url } = await startShop(t, { auth: { keys } })
  const { page } = await open(t, url)
  await page.getByLabel('Key', { exact: true }).fill('chief')
  await page.getByRole('button', { name: 'Use the key' }).click()
  await item(page, 'home', 'Product 1').waitFor()
  t.false(await page.locator('#key-form').isVisible())
})

browserTest('an empty shop says so, and fills by itself while its history is loaded', async t => {
  const { url, shop, directory } = await startShop(t)
  const products = [...shop.products]
  shop.products.clear()
  directory.load = { rows: 1_000, rows_total: 4_000, done: false }
  const { page, complaints } = await open(t, url)
  await page.getByText('Nothing in the shop yet.').first().waitFor()
  await page.getByText('25 %').waitFor()
  for (const [id, product] of products) shop.products.set(id, product)
  await item(page, 'home', 'Product 1').waitFor()
  directory.load = { rows: 4_000, rows_total: 4_000, done: true }
  await page.getByText('complete').waitFor()
  t.deepEqual(complaints, [])
})

browserTest('a list that cannot be had says why, and can be asked for again', async t => {
  const { url, shop } = await startShop(t)
  shop.isBroken = true
  const { page } = await open(t, url)
  const again = page.locator('#home-list').getByRole('button', { name: 'Try again' })
  await again.waitFor()
  shop.isBroken = false
  await again.click()
  await item(page, 'home', 'Product 1').waitFor()
  t.pass()
})

/** The product's button in a list; with a place, only while it stands there. */
function item(page: Page, list: string, title: string, place?: number) {
  const at = place === undefined ? '' : `[data-place="${place}"]`
  return page
    .locator(`#${list}-list .item${at}`, { has: page.locator('.title', { hasText: new RegExp(`^${title}$`) }) })
    .locator('visible=true')
}

function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.textContent')
}

/** Within 40 stops; a trap would keep it from getting there. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate<boolean>(`document.activeElement.matches('${selector}')`)) return
  }
  throw new RangeError(`Tab does not lead to ${selector}`)
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 25))
}
