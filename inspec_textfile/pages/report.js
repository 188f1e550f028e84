// Makes a page quicker to use. Everything on it can be read without.
(() => {
'use strict'
const $ = (selector, root = document) => root.querySelector(selector)
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
const tools = $('#tools'), search = $('#q'), count = $('#count'), keys = $('#keys')
const index = $('#ix'), fold = $('.fold')
const things = index ? $$('tbody tr', index) : $$('.c')
const texts = new Map()

// The text of a control or row, in lower case: read when first searched for.
const text = thing => {
  if (!texts.has(thing)) texts.set(thing, thing.textContent.toLowerCase())
  return texts.get(thing)
}
const number = n => n.toLocaleString('en')
const shown = () => things.filter(thing => !thing.hidden)
const reachable = () => shown().filter(thing => index || !fold || fold.open || !fold.contains(thing))

// --- filter, kept in the URL ---------------------------------------------------------------------------------------------

const picked = name => $$(`[name=${name}]:checked`).map(box => box.value)
let sorted = ''

function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
  const statuses = picked('status'), levels = picked('severity')
  let left = 0
  for (const thing of things) {
    const fits = (!statuses.length || statuses.includes(thing.classList[1])) &&
      (!levels.length || levels.includes(thing.dataset.v)) && (!words.length || words.every(word => text(thing).includes(word)))
    if (thing.hidden === fits) thing.hidden = !fits
    left += fits
  }
  for (const group of $$('.g')) group.hidden = !$('.c:not([hidden])', group)
  const filtered = words.length || statuses.length || levels.length
  if (fold) {
    if (filtered && fold.dataset.was === undefined) { fold.dataset.was = fold.open ? 1 : ''; fold.open = true }
    else if (!filtered && fold.dataset.was !== undefined) { fold.open = !!fold.dataset.was; delete fold.dataset.was }
  }
  const what = index ? 'reports' : 'controls'
  count.textContent = filtered ? `${number(left)} of ${number(things.length)} ${what}` : `${number(things.length)} ${what}`
  const reset = $('#reset')
  if (reset) reset.hidden = !filtered
  const sort = $('#sort')
  if (sort && sort.value !== sorted) sortControls(sorted = sort.value)
  remember({ q: search.value, status: statuses.join(), severity: levels.join(), sort: sorted })
}

function remember(state) {
  const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value))
  const next = location.pathname + (`${query}` && `?${query}`) + location.hash
  if (next === location.pathname + location.search + location.hash) return
  try { history.replaceState(null, '', next) } catch { /* not everywhere on file: */ }
}

function recall() {
  const query = new URLSearchParams(location.search)
  search.value = query.get('q') || ''
  for (const name of ['status', 'severity']) {
    const values = (query.get(name) || '').split(',')
    for (const box of $$(`[name=${name}]`)) box.checked = values.includes(box.value)
  }
  const sort = query.get('sort') || ''
  if (index) { if (/^-?\d+$/.test(sort)) sortRows(sort) }
  else if ($(`#sort option[value="${CSS.escape(sort)}"]`)) $('#sort').value = sort
}

function clear() {
  search.value = ''
  for (const box of $$(':checked', tools)) if (box.type === 'checkbox') box.checked = false
  apply()
}

// --- sorting -------------------------------------------------------------------------------------------------------------

const compare = new Intl.Collator('en', { numeric: true }).compare
const place = new Map(things.map((thing, at) => [thing, at]))

function sortControls(by) {
  const key = { id: c => $('h3 code', c).textContent, title: c => $('h3 span', c).textContent, time: c => -(c.dataset.t || 0) }[by]
  for (const group of $$('.g')) {
    const own = $$('.c', group), box = own[0].parentNode
    const made = new Map(own.map(c => [c, key ? key(c) : place.get(c)]))
    own.sort((a, b) => (by === 'id' || by === 'title' ? compare(made.get(a), made.get(b)) : made.get(a) - made.get(b)) || place.get(a) - place.get(b))
    box.append(...own)
  }
  things.sort((a, b) => a.compareDocumentPosition(b) & 4 ? -1 : 1)
}

function sortRows(by) {
  const column = Math.abs(by) - 1, down = by < 0
  const heads = $$('thead th', index)
  if (!heads[column]) return
  const key = row => {
    const cell = row.cells[column]
    const value = cell ? cell.dataset.k ?? cell.textContent.trim() : ''
    return heads[column].classList.contains('num') || cell?.dataset.k !== undefined ? Number.parseFloat(value.replace(/,/g, '')) : value
  }
  const order = (a, b) => {
    const x = key(a), y = key(b)
    const least = x === '' || x !== x, last = y === '' || y !== y // without a value: always at the end
    if (least || last) return least - last
    return (typeof x === 'number' ? x - y : compare(x, y)) * (down ? -1 : 1) || place.get(a) - place.get(b)
  }
  things.sort(order)
  $('tbody', index).append(...things)
  heads.forEach((head, at) => at === column ? head.setAttribute('aria-sort', down ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'))
  sorted = `${by}`
}

if (index) $$('thead th', index).forEach((head, at) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.append(...head.childNodes)
  head.append(button)
  button.onclick = () => {
    const first = head.classList.contains('num') ? -1 : 1 // of numbers, the large ones are wanted first
    sortRows((head.ariaSort ? head.ariaSort === 'ascending' ? -1 : 1 : first) * (at + 1))
    apply()
  }
})

// --- links to one control ------------------------------------------------------------------------------------------------

function unfold(element) {
  for (let at = element; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true
}

function goToAnchor() {
  const body = document.getElementById(location.hash.slice(1)), control = body && body.closest('.c')
  for (const marked of $$('.at')) marked.classList.remove('at')
  if (!control) return
  if (control.hidden) clear()
  unfold(body)
  control.classList.add('at')
  const summary = $('summary', control)
  // What lies above is laid out only as it comes near, so the place is sure only at a second look.
  let looks = 0
  const look = () => { summary.scrollIntoView(); summary.focus({ preventScroll: true }); if (++looks < 3) requestAnimationFrame(look) }
  look()
}

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

document.addEventListener('click', event => {
  const link = event.target.closest('.ln')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const target = location.href.replace(/[?#].*/, '') + link.getAttribute('href')
  copy(target).then(() => { link.textContent = 'Link copied' }, () => { location.hash = link.getAttribute('href') })
    .finally(() => { link.focus(); setTimeout(() => { link.textContent = 'Copy link' }, 2500) })
})

// --- keys and buttons ----------------------------------------------------------------------------------------------------

const stored = (value) => {
  try { return value === undefined ? localStorage.getItem('inspec-keys') : localStorage.setItem('inspec-keys', value) } catch { return null }
}
const useKeys = $('#usekeys')
useKeys.checked = stored() !== 'off'
useKeys.onchange = () => stored(useKeys.checked ? 'on' : 'off')

function step(by) {
  const list = reachable(), now = document.activeElement.closest('.c, tbody tr') || $('.c.at')
  let to = list.indexOf(now) + by
  if (!now || !list.includes(now)) to = by > 0 ? 0 : list.length - 1
  const next = list[Math.max(0, Math.min(to, list.length - 1))]
  if (next) $('summary, a', next)?.focus()
}

function expandAll() {
  const list = shown(), open = !list.every(control => control.open)
  if (fold && open) fold.open = true
  for (const control of list) {
    control.open = open
    if (open) for (const part of $$('.x:not(.deep)', control)) part.open = true
  }
  label()
}
const label = () => { if ($('#fold')) $('#fold').textContent = shown().every(control => control.open) ? 'Fold all' : 'Expand all' }

document.addEventListener('keydown', event => {
  const field = event.target.matches('input[type=search], select, textarea')
  if (event.key === 'Escape' && event.target === search) { if (search.value) { search.value = ''; apply() } else search.blur(); return }
  if (!useKeys.checked || field || keys.open || event.ctrlKey || event.metaKey || event.altKey) return
  const act = { '/': () => search.focus(), j: () => step(1), k: () => step(-1), e: index ? null : expandAll, '?': () => keys.showModal() }[event.key]
  if (act && !tools.hidden) { event.preventDefault(); act() }
})

// --- what only the browser knows: the time of day ----------------------------------------------------------------------------

const units = [['year', 31557600], ['month', 2629800], ['day', 86400], ['hour', 3600], ['minute', 60]]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
for (const time of $$('time')) {
  const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000
  if (seconds !== seconds) continue
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[4]
  const note = document.createElement('small')
  note.textContent = ` ${relative.format(Math.trunc(seconds / size), unit)}`
  if (time.matches('.wv:not(.expired) .exp')) {
    if (seconds < 0) note.textContent += ': has expired since this run'
    else if (seconds < 30 * 86400) note.textContent += ': about to expire'
    if (seconds < 30 * 86400) note.className = 'soon'
  }
  time.after(note)
}

// --- start ---------------------------------------------------------------------------------------------------------------

if (!CSS.supports('selector(::details-content)')) {
  let opened = []
  addEventListener('beforeprint', () => { opened = $$('.c:not(.passed):not([open]), .c:not(.passed) .x:not(.deep):not([open])'); for (const part of opened) part.open = true })
  addEventListener('afterprint', () => { for (const part of opened) part.open = false })
}
$('#help')?.addEventListener('click', () => keys.showModal())
if (tools && things.length) {
  tools.hidden = false
  document.documentElement.classList.add('js')
  for (const link of $$('.ln')) link.textContent = 'Copy link'
  recall()
  apply()
  tools.addEventListener('input', apply)
  tools.addEventListener('submit', event => event.preventDefault())
  $('#fold')?.addEventListener('click', expandAll)
  $('#reset')?.addEventListener('click', () => { clear(); search.focus() })
  addEventListener('popstate', () => { recall(); apply() })
  addEventListener('hashchange', goToAnchor)
  if (location.hash) { goToAnchor(); addEventListener('load', () => setTimeout(goToAnchor)) } // the browser goes there after us
}
})()
