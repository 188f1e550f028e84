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

// Whole texts, each in one line: a table's row is a line then, wherever it is pasted.
const line = text => (text || '').replace(/\s+/g, ' ').trim()
const said = (control, selector) => line($$(selector, control).map(part => part.textContent).join(' '))
const part = (control, name) => {
  const label = $$('.b > h4, .b > .x > summary', control).find(one => one.textContent === name)
  return line(label?.nextElementSibling.textContent)
}
const tag = (control, name) => $$('.tags > div', control).filter(div => $('dt', div).textContent.toLowerCase() === name)
  .flatMap(div => $$('b', div).map(mark => mark.textContent)).filter(id => !/^rev/i.test(id)).join(', ')
const fact = (name, facts = $('header .facts')) => $$('div', facts).find(div => $('dt', div).textContent === name)?.lastChild.firstChild?.textContent || ''
const run = () => $('header time')?.dateTime || ''
const profile = c => decodeURIComponent($('.b', c).id.slice(2).split('/')[0].replace(/\+/g, ' '))
const failed = c => $('.n', c).textContent.replace(/,/g, '').split(' of ')

// The columns of findings.csv, then what a plan of action and milestones (POA&M) needs.
const columns = {
  report: () => fact('Report'), host: () => $('h1').textContent, profile,
  version: c => $$('#about .facts').filter(facts => fact('Name', facts) === profile(c)).map(facts => fact('Version', facts))[0] || '',
  control: c => $('summary code', c).textContent, title: c => $('h3', c).firstChild.data, severity: c => c.dataset.v,
  status: c => c.matches('.not_tested') ? 'not_tested' : c.classList[1],
  since: c => c.dataset.s ? new Date(c.dataset.s * 1000).toISOString().replace('.000', '') : '',
  first_seen: c => $('.ag', c)?.textContent[0] === '≥' ? 'yes' : '', runs: c => c.dataset.r || '',
  tests_failed: c => failed(c)[0], tests: c => failed(c)[1] || '',
  days_open: c => c.dataset.s && run() ? Math.max(0, Math.floor((new Date(run()) / 1000 - c.dataset.s) / 86400)) : '',
  overdue: c => /overdue/.test(c.dataset.w) ? 'yes' : '', page: c => `${location.href.replace(/[?#].*/, '')}#${$('.b', c).id}`,
  message: c => said(c, '.r') || said(c, '.why'), fix: c => said(c, '.fix'), check: c => part(c, 'Check'), description: c => part(c, 'Description'),
  impact: c => (/impact ([\d.]+)/.exec(said(c, '.b > .x > summary small, .b > .nt')) || [])[1] || '',
  nist: c => tag(c, 'nist'), cci: c => tag(c, 'cci'),
  decision: c => said(c, '.wv h4'), decision_reason: c => said(c, '.wv .md'), decision_ends: c => $('.wv .exp', c)?.dateTime || ''
}

// No text may be a formula to a spreadsheet, not even where semicolons part cells.
const cell = value => `"${line(`${value}`).replace(/(^|;)([\s"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g, "$1'$2").replace(/"/g, '""')}"`

$('#csv')?.addEventListener('click', () => {
  const rows = [Object.keys(columns), ...shown().map(control => Object.values(columns).map(read => read(control)))]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(['\ufeff', ...rows.map(row => `${row.map(cell).join(',')}\r\n`)], { type: 'text/csv' }))
  link.download = `${fact('Report').replace(/[^\w.-]+/g, '-')}${filtered && '-filtered'}.csv`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
})

$('#copy')?.addEventListener('click', event => {
  const lines = shown().map(c => ['status', 'severity', 'control', 'title', 'message'].map(name => line(columns[name](c)).slice(0, 200)).filter(Boolean).join(' | '))
  told(event.target, copy([`${document.title}, ${run()}`, filtered, ...lines].filter(Boolean).join('\n')))
})
