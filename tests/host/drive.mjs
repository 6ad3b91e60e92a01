// Drive ComfyUI's page in a real browser: open a template from the template browser, press the queue button, wait, look.
//
// Reads one JSON object from stdin:
//   url        the host
//   chromium   path of the browser
//   modules    the node_modules folder with playwright-core
//   pack       the pack's name, under which the template browser lists its templates
//   template   the template's name
//   widgets    {node type: {widget name: value}} to set before the run
//   output     type of the node whose preview must appear
//   vue        true for Nodes 2.0
//   screenshot where to save a picture of the page; beside it go those of the template browser, as ...-templates.png, and
//              of the output's help, as ...-help.png
//   limit_s    how long the run may take
// Writes one JSON object to stdout: see the end.
import { readFileSync } from 'node:fs'
import { openPage } from './open_page.mjs'

const job = JSON.parse(readFileSync(0, 'utf8'))

// Open the template as a person does: Templates, the pack, the card; return what the card shows.
async function open() {
  await page.locator('.templates-tab-button').click()
  const dialog = page.locator('[role=dialog]').filter({ has: page.locator('[data-testid=template-workflows-content]') })
  await dialog.getByText(job.pack, { exact: true }).click()
  const card = dialog.locator(`[data-testid="template-workflow-${job.template}"]`)
  await card.scrollIntoViewIfNeeded()
  const thumbnail = await card.locator('img').first().elementHandle()
  await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, thumbnail)
  await page.screenshot({ path: job.screenshot.replace('.png', '-templates.png') })
  const shown = await card.evaluate((one) => [one.innerText.trim(), one.querySelector('img').naturalWidth])
  await card.click()
  await dialog.waitFor({ state: 'hidden' })
  await page.waitForFunction((type) => window.app.graph._nodes.some((node) => node.type === type), job.output)
  return shown
}

// In the page: set the widgets and listen; return what the page would send as prompt.
async function prepare(widgets) {
  for (const [type, values] of Object.entries(widgets)) {
    for (const node of window.app.graph._nodes.filter((one) => one.type === type)) {
      for (const [name, value] of Object.entries(values)) {
        node.widgets.find((widget) => widget.name === name).value = value
      }
    }
  }
  window.seen = { previews: 0, progress: 0, end: null }
  const api = window.app.api
  api.addEventListener('b_preview', () => window.seen.previews++)
  api.addEventListener('progress', () => window.seen.progress++)
  for (const kind of ['execution_success', 'execution_error', 'execution_interrupted']) {
    api.addEventListener(kind, (event) => (window.seen.end = { kind, ...event.detail }))
  }
  window.app.canvas.ds.reset()
  return (await window.app.graphToPrompt()).output
}

// In the page: the pictures that one node shows, as it holds them (canvas) or as elements (Nodes 2.0).
function pictures(type) {
  const nodes = window.app.graph._nodes.filter((one) => one.type === type)
  const held = nodes.flatMap((node) => node.imgs ?? [])
  const elements = nodes.flatMap((node) => [...document.querySelectorAll(`[data-node-id="${node.id}"] img`)])
  return [...held, ...elements].map((image) => ({
    src: image.src,
    complete: image.complete,
    width: image.naturalWidth,
    height: image.naturalHeight,
  }))
}

// In the page: bring every node into view.
function fit() {
  const boxes = window.app.graph._nodes.map((node) => node.getBounding())
  const left = Math.min(...boxes.map((box) => box[0]))
  const top = Math.min(...boxes.map((box) => box[1]))
  const right = Math.max(...boxes.map((box) => box[0] + box[2]))
  const bottom = Math.max(...boxes.map((box) => box[1] + box[3]))
  const { ds, canvas } = window.app.canvas
  const scale = 0.9 * Math.min(canvas.clientWidth / (right - left), canvas.clientHeight / (bottom - top))
  ds.scale = Math.min(scale, 1)
  ds.offset[0] = canvas.clientWidth / 2 / ds.scale - (left + right) / 2
  ds.offset[1] = canvas.clientHeight / 2 / ds.scale - (top + bottom) / 2
  window.app.canvas.setDirty(true, true)
}

// In the page: where each node lies, with its title: [type, left, top, width, height].
function boxes() {
  return window.app.graph._nodes.map((node) => [node.type, ...node.getBounding()])
}

// Ask for a node's help by the button above it; return the picture that its page shows.
async function help(type) {
  await page.evaluate((wanted) => {
    const node = window.app.graph._nodes.find((one) => one.type === wanted)
    window.app.canvas.selectNode(node)
    window.app.canvas.centerOnNode(node)
  }, type)
  await page.locator('[data-testid="info-button"]').click()
  const picture = await page.locator('.node-help-content img').first().elementHandle()
  await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, picture)
  await page.screenshot({ path: job.screenshot.replace('.png', '-help.png') })
  return picture.evaluate((image) => [image.src, image.alt, image.clientWidth])
}

// In the page: empty the graph, drop a saved file on it, and list the node types that came back.
async function drop(source) {
  const bytes = await (await fetch(source)).blob()
  window.app.graph.clear()
  await window.app.handleFile(new File([bytes], 'dropped.svg', { type: 'image/svg+xml' }))
  return window.app.graph._nodes.map((node) => node.type).sort()
}

const { browser, page, errors, refused } = await openPage(job)
try {
  const card = await open()
  const prompt = await page.evaluate(prepare, job.widgets ?? {})
  await page.locator('[data-testid="queue-button"]').first().click()
  await page.waitForFunction(() => window.seen.end, null, { timeout: job.limit_s * 1000 })
  const shown = await page
    .waitForFunction((type) => document.readyState && window.app.graph._nodes.some((n) => n.type === type && n.imgs?.length), job.output, { timeout: 15_000 })
    .then(() => true, () => false)
  await page.evaluate(fit)
  await page.waitForTimeout(1500)
  const seen = await page.evaluate(() => window.seen)
  const images = await page.evaluate(pictures, job.output)
  const lie = await page.evaluate(boxes)
  await page.screenshot({ path: job.screenshot })
  const helped = await help(job.output)
  const restored = images.length ? await page.evaluate(drop, images[0].src) : []
  const version = await page.evaluate(() => window.__COMFYUI_FRONTEND_VERSION__ ?? null)
  console.log(JSON.stringify({ card, prompt, seen, shown, images, lie, helped, restored, errors, refused, version }))
} finally {
  await browser.close()
}
