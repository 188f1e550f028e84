// Makes a page quicker to use. Everything on it can be read without.
const $ = (selector, root = document) => root.querySelector(selector)
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
const tools = $('#tools'), facets = $('#facets'), search = $('#q'), count = $('#count'), keys = $('#keys')
const number = n => n.toLocaleString('en')
const compare = new Intl.Collator('en', { numeric: true }).compare

// What a page's own script says about it: what is filtered, and by which chips.
const page = { things: [], what: '', fields: {}, marks: () => [], after: () => {} }

// The text of a control or row, in lower case: read when first searched for.
const text = thing => thing.text ??= thing.textContent.toLowerCase()
const shown = () => page.things.filter(thing => !thing.hidden)

// filter, kept in the URL

const picked = name => $$(`[name=${name}]:checked`).map(box => box.value)
const words = query => [...query.toLowerCase().matchAll(/(?:(tag|nist|profile):)?(?:"([^"]*)"|(\S+))/g)].map(([, kind, quoted, plain]) => [kind, quoted ?? plain])

function fits(thing, [kind, value]) {
  if (!kind) return text(thing).includes(value)
  if (kind === 'profile') return page.profile(thing) === value
  return page.marks(thing).some(mark => mark === value || kind === 'nist' && mark.startsWith(value) && !/\w/.test(mark[value.length]))
}

// A chip counts what it would show: things that fit all other groups of chips and the search.
let filtered = ''
function apply() {
  const wanted = words(search.value), counts = {}
  const groups = Object.entries(page.fields).map(([name, read]) => [name, picked(name), read])
  let left = 0
  for (const thing of page.things) {
    let fit = wanted.every(word => fits(thing, word))
    if (fit) {
      const misses = groups.filter(([, values, read]) => values.length && !read(thing).some(one => values.includes(one)))
      fit = !misses.length
      for (const [name, , read] of fit ? groups : misses.length > 1 ? [] : misses)
        for (const one of read(thing)) counts[name + one] = (counts[name + one] || 0) + 1
    }
    if (thing.hidden === fit) thing.hidden = !fit
    left += fit
  }
  const on = wanted.length || groups.some(([, values]) => values.length)
  for (const box of $$('.chip input')) {
    const many = counts[box.name + box.value] || 0
    box.parentNode.classList.toggle('off', !many)
    box.nextElementSibling.textContent = number(many)
  }
  const all = page.size ?? page.things.length
  filtered = [...$$('.chip :checked').map(box => box.nextSibling.data.trim()), search.value.trim()].filter(Boolean).join(', ')
  count.textContent = on ? `${number(left)} of ${number(all)} ${page.what}${all === 1 ? '' : 's'}` : ''
  $('#few').textContent = on ? number(left) : ''
  if (filtered) filtered = `Only: ${filtered}. ${count.textContent}.`
  $('#filtered').textContent = filtered
  $('#none b').textContent = on && !left ? `No ${page.what} matches ${filtered.slice(6).split('. ')[0]}. ` : ''
  $('#none').hidden = left > 0 || !on
  $('#reset').setAttribute('aria-pressed', !on)
  page.after(on)
}

// A click is a step of the history, so Back undoes it; typing is not.
function remember(typed) {
  const query = new URLSearchParams()
  const put = (name, value) => value && query.set(name, value)
  put('q', search.value)
  for (const name in page.fields) put(name, picked(name).join())
  put('sort', page.sorted)
  put('ix', page.index)
  const next = `${query}` && `?${query}`
  if (next !== location.search) try { history[typed ? 'replaceState' : 'pushState'](null, '', location.pathname + next + location.hash) } catch { /* not everywhere on file: */ }
}

function choose(query) {
  search.value = query.get('q') || ''
  for (const name in page.fields) {
    const values = (query.get(name) || '').split(',')
    for (const box of $$(`[name=${name}]`)) box.checked = values.includes(box.value)
  }
}

function filter(query) {
  choose(new URLSearchParams(query))
  apply()
  remember()
  page.reveal?.()
}

// times: what only the browser knows is the time of day and its zone

const units = [['year', 31557600], ['month', 2629800, 7776000], ['day', 86400], ['hour', 3600], ['minute', 60]]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const local = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })

function age(seconds) {
  const [unit, size] = units.find(([, size, least = size]) => Math.abs(seconds) >= least) || units[4]
  return relative.format(Math.trunc(seconds / size), unit)
}

// Of a run and of a decision's end the age is told; of all times, the time here as a title.
function tellTimes() {
  for (const time of $$('time')) {
    const when = new Date(time.dateTime), seconds = (when - Date.now()) / 1000
    if (seconds !== seconds) continue
    const here = when.getTimezoneOffset() && time.dateTime.length > 10 ? local.format(when) : ''
    time.title = [here, age(seconds)].filter(Boolean).join(', ')
    if (!/^(run|exp)$/.test(time.className)) continue
    const note = document.createElement('small')
    note.textContent = ` ${time.title}`
    if (time.matches('.wv:not(.expired) .exp')) {
      if (seconds < 0) note.textContent += ': has expired since this run'
      else if (seconds < 30 * 86400) note.textContent += ': about to expire'
      if (seconds < 30 * 86400) note.className = 'soon'
    }
    time.after(note)
  }
}

// keys

const stored = value => { try { return value ? localStorage.keys = value : localStorage.keys } catch { return '' } }

function useKeys(acts) {
  const use = $('#usekeys')
  use.checked = stored() !== 'off'
  use.onchange = () => stored(use.checked ? 'on' : 'off')
  $('#help')?.addEventListener('click', () => keys.showModal())
  acts = { ...acts, '/': () => search.focus(), '?': () => keys.showModal() }
  document.addEventListener('keydown', event => {
    const field = event.target.matches('input[type=search], select, textarea')
    if (event.key === 'Escape' && event.target === search) { if (search.value) { search.value = ''; apply(); remember(true) } else search.blur(); return }
    if (!use.checked || field || keys.open || event.ctrlKey || event.metaKey || event.altKey) return
    const act = acts[event.key]
    if (act && !tools.hidden) { event.preventDefault(); act() }
  })
}

// copies and CSV

async function copy(value) {
  try { return await navigator.clipboard.writeText(value) } catch { /* not on file: in some browsers */ }
  const box = document.createElement('textarea')
  box.value = value
  document.body.append(box)
  box.select()
  const done = document.execCommand('copy')
  box.remove()
  if (!done) throw new Error('refused')
}

function told(button, copied) {
  const was = button.dataset.was ??= button.textContent
  copied.then(() => { button.textContent = 'Copied' }, () => { button.textContent = 'Not copied' })
    .finally(() => { button.focus({ preventScroll: true }); setTimeout(() => { button.textContent = was }, 2500) })
}

function button(text, act) {
  const made = Object.assign(document.createElement('button'), { type: 'button', textContent: text })
  made.onclick = () => told(made, act())
  return made
}

// Whole texts, each in one line: a table's row is a line then, wherever it is pasted.
const line = text => (text || '').replace(/\s+/g, ' ').trim()

// No text may be a formula to a spreadsheet, not even where semicolons part cells.
const cell = value => `"${line(`${value}`).replace(/(^|;)([\s"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1'$2").replace(/"/g, '""')}"`

function download(name, rows) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(['\ufeff', ...rows.map(row => `${row.map(cell).join(',')}\r\n`)], { type: 'text/csv' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

function start(recall) {
  const root = document.documentElement
  for (const part of $$('#tools, #facets, .states')) part.hidden = false
  root.classList.add('js')
  new ResizeObserver(() => root.style.setProperty('--stuck', `${getComputedStyle(tools).position === 'sticky' ? tools.offsetHeight : 0}px`)).observe(tools)
  new IntersectionObserver(([seen]) => root.classList.toggle('stuck', !seen.isIntersecting)).observe($('h1'))
  recall()
  if (location.search) apply()
  const changed = event => { apply(); remember(event.target === search); page.reveal?.() }
  for (const part of [tools, facets]) part.addEventListener('input', changed)
  $('#reset').addEventListener('click', () => filter(''))
  $('#none button').addEventListener('click', () => filter(''))
  $('#more').addEventListener('click', () => $('#more').setAttribute('aria-expanded', root.classList.toggle('more')))
  addEventListener('popstate', () => { recall(); apply() })
}
