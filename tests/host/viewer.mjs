// Use the viewer and the editor in ComfyUI's page as a person does: run, look, scrub, edit, reload, run again.
//
// Reads one JSON object from stdin: url, chromium, modules, vue, palette, locale, limit_s as open_page.mjs and drive.mjs, and
//   prompt      the graph, as /prompt takes it: with one Optimize, one Edit Strokes after it, one SVG Export after that
//   screenshot  where to save a picture of the page
//   drawing     path of an SVG to upload
//   huge        path of one that is too large
// Writes one JSON object to stdout: see the end. Panels are found by their class: their names are in the page's language.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { byKeysAlone } from './keys_alone.mjs'
import { openPage, ready } from './open_page.mjs'

const job = JSON.parse(readFileSync(0, 'utf8'))
const { browser, page, errors } = await openPage(job)
const report = {}

const edits = () =>
  page.evaluate(() => window.app.graph._nodes.find((n) => n.clipassoEditor).widgets.find((w) => w.name === 'edits').value)
const remembered = () =>
  page.evaluate(() => {
    const { activeState } = window.app.extensionManager.workflow.activeWorkflow.changeTracker
    return activeState.nodes.find((node) => node.type === 'CLIPassoEditStrokes').widgets_values[0]
  })
const seen = () =>
  page.evaluate(() => window.app.graph._nodes.find((n) => n.clipassoEditor).clipassoEditor.strokes.map((s) => [s.id, s.points]))
const paths = (panel) => panel.locator('.clipasso-drawing > g:nth-of-type(2) path').count()
// Of all nodes by number: the page brings one that is clicked on to the front, which changes their order.
const places = () =>
  page.evaluate(() => [...window.app.graph._nodes].sort((a, b) => a.id - b.id).map((node) => [...node.pos]))

// Press the queue button, wait for the end, and return the files that were saved.
async function run() {
  await page.evaluate(() => {
    window.end = null
    window.live ??= []
    if (window.listens) return
    window.listens = true
    const { api } = window.app
    const facts = () => window.app.graph._nodes.find((n) => /Optimize/.test(n.type)).clipassoViewer.facts.textContent
    api.addEventListener('clipasso_strokes', ({ detail }) => window.live.push([detail.iteration, facts()]))
    api.addEventListener('b_preview', () => (window.previews = (window.previews ?? 0) + 1))
    for (const kind of ['execution_success', 'execution_error', 'execution_interrupted']) {
      api.addEventListener(kind, (event) => (window.end = { kind, ...event.detail }))
    }
  })
  await page.locator('[data-testid="queue-button"]').first().click()
  await page.waitForFunction(() => window.end, null, { timeout: job.limit_s * 1000 })
  const end = await page.evaluate(() => window.end)
  if (end.kind !== 'execution_success') throw new Error(`${end.kind}: ${end.exception_message}`)
  const history = await (await fetch(`${job.url}/history/${end.prompt_id}`)).json()
  const outputs = Object.values(history[end.prompt_id].outputs)
  const files = outputs.flatMap((output) => output.images ?? []).filter((file) => file.filename.endsWith('.svg'))
  return Promise.all(files.map(async (file) => (await fetch(`${job.url}/view?${new URLSearchParams(file)}`)).text()))
}

// Look at the panel of the Optimize node (clipassoViewer) or of the editor (clipassoEditor).
async function lookAt(panel) {
  if (!job.vue) return lookAtPanels()
  await page.evaluate((panel) => {
    const node = window.app.graph._nodes.find((one) => one[panel] && (panel === 'clipassoEditor' || /Optimize/.test(one.type)))
    const { ds } = window.app.canvas
    ds.scale = 0.75
    const at = node[panel].element.getBoundingClientRect()
    ds.offset = [ds.offset[0] + (400 - at.left) / ds.scale, ds.offset[1] + (120 - at.top) / ds.scale]
    window.app.canvas.setDirty(true, true)
  }, panel)
  await page.waitForTimeout(500)
}

// On the canvas: put the nodes with panels side by side.
async function lookAtPanels() {
  await page.evaluate(() => {
    let x = 0
    for (const node of [...window.app.graph._nodes].sort((a, b) => a.id - b.id)) {
      const hasPanel = node.clipassoEditor || node.clipassoViewer
      node.pos = hasPanel ? [x, 0] : [x - 3000, 2000]
      if (hasPanel) x += node.size[0] + 40
    }
    const { ds } = window.app.canvas
    ds.scale = 0.75
    ds.offset = [160, 90]
    window.app.canvas.setDirty(true, true)
  })
  await page.waitForTimeout(500)
}

// Drag while another finger comes, moves and goes; return how far the view went, px of the screen.
async function dragBesideFinger(drawing) {
  const view = async () => (await drawing.getAttribute('viewBox')).split(' ').map(Number)
  const [before, box] = [await view(), await drawing.boundingBox()]
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const finger = { pointerId: 99, isPrimary: false, button: 0, clientX: x - 50, clientY: y + 50 }
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 20, y)
  for (const type of ['pointerdown', 'pointermove', 'pointerup']) await drawing.dispatchEvent(type, finger)
  await page.mouse.move(x + 40, y)
  await page.mouse.up()
  const after = await view()
  return [0, 1].map((axis) => ((before[axis] - after[axis]) * Math.min(box.width, box.height)) / before[2])
}

// Let no node lie on another one: in Nodes 2.0 they are larger than where the page puts them.
async function spread() {
  await page.evaluate(async () => {
    const saved = window.app.graph.serialize()
    saved.nodes.forEach((node, index) => (node.pos = [index * 700, 0]))
    await window.app.loadGraphData(saved)
    window.app.canvas.ds.scale = 0.75
  })
}

try {
  await page.evaluate(async (prompt) => {
    await window.app.loadApiJson(prompt, 'viewer')
    for (const widget of window.app.graph._nodes.flatMap((node) => node.widgets ?? [])) {
      if (widget.name === 'control_after_generate') widget.value = 'fixed'
    }
  }, job.prompt)
  if (job.vue) await spread()
  report.first = await run()
  report.live = await page.evaluate(() => window.live)
  report.previews = await page.evaluate(() => window.previews ?? 0)
  await lookAt('clipassoViewer')
  await lookAt('clipassoViewer') // where it is at the scale that the first look set

  // --- the viewer of Optimize ---
  const viewer = page.locator('.clipasso-panel:has(input[type=range])').filter({ has: page.locator('.clipasso-curve:not([hidden])') })
  await viewer.waitFor()
  const drawing = viewer.locator('.clipasso-drawing')
  const [play, slider] = [viewer.locator('.clipasso-row').nth(1).locator('button'), viewer.locator('input[type=range]')]
  report.facts = await viewer.locator('.clipasso-facts').textContent()
  report.name = await viewer.getAttribute('aria-label')
  report.doubles = await page.evaluate(() => {
    const node = window.app.graph._nodes.find((one) => /Optimize/.test(one.type))
    const shown = [...document.querySelectorAll(`[data-node-id="${node.id}"] img`)].filter((one) => one.offsetParent)
    return shown.length + (node.imgs?.length ?? 0)
  })
  await slider.focus()
  report.scrubbed = [await paths(viewer)]
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'End']) {
    await page.keyboard.press(key)
    report.scrubbed.push(await paths(viewer))
  }
  await play.click()
  await page.waitForTimeout(300)
  await play.click()
  report.played = [Number(await slider.inputValue()), Number(await slider.getAttribute('max'))]
  const data = () => viewer.locator('.clipasso-drawing > g:nth-of-type(2) path').first().getAttribute('d')
  await viewer.locator('.clipasso-row').nth(1).locator('select').selectOption('history')
  report.history = [await data()]
  await slider.focus()
  await page.keyboard.press('Home')
  report.history.push(await data())
  for (const toggle of [0, 1, 2]) await viewer.locator('[aria-pressed]').nth(toggle).click() // photo, first strokes, saliency
  report.beneath = await viewer.locator('.clipasso-drawing > g:nth-of-type(1) path').count()
  report.pictures = []
  for (const layer of [0, 1]) {
    const address = await drawing.locator('image[display=inline]').nth(layer).getAttribute('href')
    report.pictures.push([address, (await fetch(new URL(address, job.url))).headers.get('content-type')])
  }
  const graphScale = () => page.evaluate(() => window.app.canvas.ds.scale)
  const [box, scale] = [await drawing.boundingBox(), await graphScale()]
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2)
  await page.mouse.wheel(0, -100)
  await page.waitForTimeout(1000)
  report.wheel = { unfocused: [await drawing.getAttribute('viewBox'), (await graphScale()) / scale] }
  await page.evaluate((before) => (window.app.canvas.ds.scale = before), scale)
  await lookAt('clipassoViewer')
  await drawing.focus()
  const now = await graphScale()
  await page.mouse.wheel(0, -100)
  await page.waitForTimeout(1000) // the wheel is not waited for otherwise
  await page.keyboard.press('ArrowLeft')
  report.wheel.focused = [await drawing.getAttribute('viewBox'), (await graphScale()) / now]
  await page.keyboard.press('0')
  await drawing.dispatchEvent('wheel', { deltaX: 50, deltaY: 0 }) // sideways, as touchpads send it
  report.wheel.reset = await drawing.getAttribute('viewBox')
  report.zoomed = []
  for (const button of [5, 5, 4]) { // after photo, first strokes, saliency and fit: farther, closer
    await viewer.locator('.clipasso-row').nth(2).locator('button').nth(button).click()
    report.zoomed.push(Number((await drawing.getAttribute('viewBox')).split(' ')[2]))
  }
  report.fingers = await dragBesideFinger(drawing)
  await drawing.press('0')
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), viewer.locator('.clipasso-ways button').nth(name).click()])
    return readFileSync(await download.path())
  }
  report.svg = (await saved(1)).toString()
  await viewer.locator('.clipasso-side').fill('256')
  report.png = (await saved(2)).toString('base64')

  // --- a browser that does less: over plain http it has no clipboard, and it may refuse to draw ---
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined })
    HTMLCanvasElement.prototype.toBlob = (told) => told(null)
    document.addEventListener('copy', ({ target }) => (window.copied = target.value))
  })
  report.said = []
  for (const button of [0, 2]) {
    await viewer.locator('.clipasso-ways button').nth(button).click()
    await page.waitForTimeout(300)
    report.said.push(await viewer.locator('[role=status]').textContent())
  }
  report.copied = await page.evaluate(() => window.copied)

  // --- the editor, by pointer ---
  const editor = page.locator('.clipasso-panel').filter({ has: page.locator('[role=application]') })
  const surface = editor.locator('[role=application]')
  report.nodes = [await places()]
  if (job.vue) await lookAt('clipassoEditor')
  const strokes = await seen()
  const area = await surface.boundingBox()
  const size = await page.evaluate(() => window.app.graph._nodes.find((n) => n.clipassoEditor).clipassoEditor.drawing.size)
  const photo = () => editor.locator('.clipasso-drawing > image').first().getAttribute('display')
  report.drawnAfter = [await photo()]
  await editor.locator('.clipasso-row').first().locator('button').nth(3).click() // after the three tools
  report.drawnAfter.push(await photo())
  const unit = Math.min(area.width / size[0], area.height / size[1])
  const at = ([x, y]) => [area.x + area.width / 2 + (x - size[0] / 2) * unit, area.y + area.height / 2 + (y - size[1] / 2) * unit]
  const isInside = ([x, y]) => Math.min(x, y, size[0] - x, size[1] - y) > 8
  const [gone, held] = strokes.filter(([, points]) => isInside(points.at(-1))).reverse() // the upper one is hit first
  const ends = [gone, held].map(([, points]) => points.at(-1))
  report.picked = [gone[0], held[0]]
  await page.mouse.click(...at(ends[0]))
  await surface.press('Delete')
  report.deleted = await seen()
  await page.mouse.click(...at(ends[1]))
  await page.mouse.move(...at(ends[1]))
  await page.mouse.down()
  await page.mouse.move(...at([size[0] / 2, size[1] / 2]), { steps: 5 })
  await page.mouse.up()
  report.dragged = await seen()

  // --- by keys alone ---
  await surface.press('Escape')
  await surface.press('Escape')
  for (const key of ['n', 'ArrowRight', 'ArrowRight', 'h', 'ArrowDown']) await surface.press(key)
  report.keyed = await seen()
  await surface.press('Control+z')
  await surface.press('Control+z')
  report.undone = await seen()
  await surface.press('Control+y')
  report.redone = await seen()
  await surface.press('a')
  await surface.press('PageUp')
  report.added = await seen()
  report.edits = await edits()
  report.remembered = await remembered() // by ComfyUI's own undo: keys alone have made changes since it last looked
  await editor.locator('.clipasso-row').nth(1).locator('button').last().click()
  report.cleared = [await edits(), await remembered()]
  await page.keyboard.press('Control+z') // with the focus where the button left it
  report.cleared.push(await edits())
  report.nodes.push(await places())
  report.second = await run()
  await page.waitForTimeout(300)
  await page.screenshot({ path: job.screenshot })
  report.keys = await byKeysAlone(page)

  // --- what a screen reader meets ---
  await page.addScriptTag({ path: path.join(job.modules, 'axe-core', 'axe.min.js') })
  report.barriers = await page.evaluate(async () => {
    const found = await window.axe.run({ include: [['.clipasso-panel']] }, { resultTypes: ['violations'] })
    return found.violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map((node) => node.html.slice(0, 160)) }))
  })

  // --- a reload ---
  const workflow = await page.evaluate(() => JSON.stringify(window.app.graph.serialize()))
  report.workflow = JSON.parse(workflow)
  await page.reload({ waitUntil: 'domcontentloaded' })
  await ready(page)
  await page.evaluate((saved) => window.app.loadGraphData(JSON.parse(saved)), workflow)
  await editor.waitFor()
  report.raw = await page.evaluate(
    () => [...document.querySelectorAll('input, textarea')].filter((one) => one.offsetParent && one.value.includes('clipasso-edits')).length,
  )
  report.reloaded = { edits: await edits(), seen: await seen() }
  report.third = await run()

  // --- an upload ---
  report.uploads = []
  page.on('request', (request) => request.url().endsWith('/upload/image') && report.uploads.push(request.method()))
  for (const file of [job.huge, job.drawing]) {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.evaluate(() => {
      window.loader ??= window.app.graph.add(window.LiteGraph.createNode('CLIPassoLoadSVG')) ?? window.app.graph._nodes.at(-1)
      window.loader.widgets.find((one) => one.name === 'upload').callback()
    })])
    await chooser.setFiles(file)
    if (file === job.huge) report.refused = await page.locator('.p-toast-detail').first().textContent()
  }
  const name = path.basename(job.drawing)
  await page.waitForFunction((name) => window.loader.widgets.find((one) => one.name === 'file').value === name, name)
  report.loader = await page.evaluate(() => [window.loader.widgets[0].options.values, window.loader.serialize().widgets_values])
  report.hacked = await page.evaluate(() => window.hacked ?? null)

  // --- a prompt: names of files in it, and a page that is made of it ---
  report.prefixes = await page.evaluate(async () => {
    const made = ['CLIPassoSVGExport', 'CLIPassoAnimate', 'CLIPassoExport'].map((type) => {
      const node = window.LiteGraph.createNode(type)
      window.app.graph.add(node)
      node.widgets.find((one) => one.name === 'filename_prefix').value = '%date:yyyy%/%CLIPassoOptimize.num_iterations%/%width%'
      return node
    })
    const { output } = await window.app.graphToPrompt()
    for (const node of made) window.app.graph.remove(node)
    return made.map(({ id }) => output[id].inputs.filename_prefix)
  })
  report.prompted = await page.evaluate(async () => {
    const { output } = await window.app.graphToPrompt()
    await window.app.loadApiJson(output, 'again')
    return window.app.graph._nodes.find((n) => n.clipassoEditor).clipassoEditor.edits.text
  })

  // --- ComfyUI's own undo, past a run: what comes back is not changed, or it would be one more step, and no redo ---
  // (Nodes 2.0 of ComfyUI 0.3.75 itself scales all nodes of a workflow that was made of a prompt.)
  await run()
  report.past = await page.evaluate(async (isScaled) => {
    const { changeTracker } = window.app.extensionManager.workflow.activeWorkflow
    const ours = ({ nodes }) => nodes.filter(({ type }) => type.startsWith('CLIPasso')).sort((a, b) => a.id - b.id)
    const sorted = (graph) =>
      JSON.stringify(ours(graph).map(({ id, size, properties }) => [id, isScaled ? [] : [...size], { ...properties }]))
    const before = sorted(window.app.graph.serialize())
    changeTracker.checkState()
    await changeTracker.undo()
    await new Promise((resolve) => setTimeout(resolve, 500))
    const after = sorted(window.app.graph.serialize())
    return { isAnother: after !== before, isKept: after === sorted(changeTracker.activeState) }
  }, job.vue)
  console.log(JSON.stringify({ ...report, errors }))
} finally {
  await browser.close()
}
