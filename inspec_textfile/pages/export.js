// what is shown, for spreadsheets and for messages

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

$('#csv')?.addEventListener('click', () => {
  const rows = shown().map(control => Object.values(columns).map(read => read(control)))
  download(`${fact('Report').replace(/[^\w.-]+/g, '-')}${filtered && '-filtered'}.csv`, [Object.keys(columns), ...rows])
})

$('#copy')?.addEventListener('click', event => {
  const lines = shown().map(c => ['status', 'severity', 'control', 'title', 'message'].map(name => line(columns[name](c)).slice(0, 200)).filter(Boolean).join(' | '))
  told(event.target, copy([`${document.title}, ${run()}`, filtered, ...lines].filter(Boolean).join('\n')))
})
