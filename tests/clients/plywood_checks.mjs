// What plywood (Turnilo's query planner) sends, and what it must read: node plywood_checks.mjs URL

import { isDeepStrictEqual } from 'node:util';
import { createRequire } from 'node:module';

const { $, ply, r, External, Expression } = createRequire(import.meta.url)('plywood');
const { druidRequesterFactory } = createRequire(import.meta.url)('plywood-druid-requester');

const request = druidRequesterFactory({ host: new URL(process.argv[2]).host, timeout: 60000 });
const sent = [];
const requester = rq => { sent.push(rq.query.queryType); return request(rq); };
const failures = [];
let num = 0;

function check(name, got, want) {
  num++;
  if (!isDeepStrictEqual(got, want)) failures.push(`${name}:\n  got  ${JSON.stringify(got)}\n  want ${JSON.stringify(want)}`);
}

const external = (more = {}) => External.fromJS(
  { engine: 'druid', source: 'ads', timeAttribute: 'time', allowSelectQueries: true, allowEternity: true, context: { timeout: 10000 }, ...more },
  requester);

const days = $('time').overlap(new Date('2024-03-10T00:00:00Z'), new Date('2024-03-12T00:00:00Z'));

/** Rows without what plywood adds, times as texts. */
function plain(value) {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (value.start instanceof Date) return value.start.toISOString();
  if (value.setType) return value.elements.map(plain);
  if (Array.isArray(value.data)) return plain(value.data);
  return Object.fromEntries(Object.entries(value).filter(([, one]) => !External.isExternal(one)).map(([key, one]) => [key, plain(one)]));
}

async function ask(expression, timezone = 'Etc/UTC') {
  const ads = await known;
  sent.length = 0;
  return plain(await expression.compute({ ads }, { timezone }));
}

const known = external({ filter: days }).introspect();

async function introspection() {
  const druid = External.getConstructorFor('druid');
  check('version', /^\d+\.\d+\.\d+/.test(await druid.getVersion(requester)), true);
  check('sources', (await druid.getSourceList(requester)).includes('ads'), true);
  const attributes = Object.fromEntries((await known).attributes.map(({ name, type, nativeType, unsplitable }) => [name, [type, nativeType ?? null, !!unsplitable]]));
  check('attributes', attributes, {
    time: ['TIME', '__time', false], ad: ['STRING', 'STRING', false], channel: ['STRING', 'STRING', false],
    tags: ['SET/STRING', 'STRING', false], user: ['STRING', 'STRING', false], slot: ['NUMBER', 'LONG', false],
    clicks: ['NUMBER', 'LONG', true], cost: ['NUMBER', 'DOUBLE', true], count: ['NUMBER', 'LONG', true],
    costs: ['NULL', 'quantilesDoublesSketch', true], users: ['NULL', 'hyperUnique', true],
    users_hll: ['NULL', 'HLLSketch', true], users_theta: ['NULL', 'thetaSketch', true],
  });
}

async function totals() {
  const ads = $('ads');
  const totals = ply()
    .apply('rows', ads.count()).apply('clicks', ads.sum('$clicks')).apply('cost', ads.sum('$cost'))
    .apply('most', ads.max('$cost')).apply('least', ads.min('$cost'))
    .apply('web', ads.filter('$channel == "web"').sum('$clicks')).apply('!each', ads.sum('$cost').divide(ads.count()))
    .apply('users', ads.countDistinct('$users')).apply('hll', ads.countDistinct('$users_hll')).apply('theta', ads.countDistinct('$users_theta'))
    .apply('distinct', ads.countDistinct('$ad')).apply('median', ads.quantile('$costs', 0.5)).apply('constant', r(3600000).multiply(2));
  const [row] = await ask(totals);
  for (const name of ['users', 'hll', 'theta', 'distinct']) row[name] = Math.round(row[name]);
  check('totals', row, { rows: 7, clicks: 8, cost: 12.75, most: 4, least: 0.25, web: 5, '!each': 12.75 / 7, users: 4, hll: 4, theta: 4, distinct: 4, median: 1.5, constant: 7200000 });
  check('totals are a timeseries', [...new Set(sent)], ['timeseries']);
}

async function filters() {
  const count = async filter => (await ask(ply().apply('n', $('ads').filter(filter).count())))[0].n;
  const filters = {
    is: '$channel == "web"', isNull: '$channel == null', not: '$channel != "web"', in: '$ad.in(["a1","a4"])', greater: '$slot > 2', between: '$slot >= 2 and $slot < 10',
    or: '$channel == "app" or $ad == "a3"', contains: '$ad.contains("A1", "ignoreCase")', match: '$ad.match("[34]$")', number: '$slot == 1',
    substr: '$ad.substr(1, 1) == "1"', length: '$ad.length() == 2', upper: '$ad.transformCase("upperCase") == "A1"', tag: '$tags == "new"', fallback: '$channel.fallback("none") == "none"',
  };
  const got = {};
  for (const [name, filter] of Object.entries(filters)) got[name] = await count(Expression.parse(filter));
  got.hour = await count($('time').overlap(new Date('2024-03-10T00:00:00Z'), new Date('2024-03-10T01:00:00Z')));
  check('filters', got, { is: 4, isNull: 1, not: 2, in: 4, greater: 2, between: 3, or: 3, contains: 3, match: 2, number: 3, substr: 3, length: 7, upper: 3, tag: 3, fallback: 1, hour: 2 });
}

async function splits() {
  const ads = $('ads');
  const by = (split, name) => ads.split(split, name).apply('n', $('ads').count());
  check('topN', await ask(by('$ad', 'Ad').sort('$n', 'descending').limit(2)), [{ Ad: 'a1', n: 3 }, { Ad: 'a2', n: 2 }]);
  check('topN is one', sent, ['topN']);
  check('topN by dimension', await ask(by('$channel', 'C').sort('$C', 'ascending').limit(5)), [{ C: null, n: 1 }, { C: 'app', n: 2 }, { C: 'web', n: 4 }]);
  check('several splits', await ask(ads.split({ C: '$channel', A: '$ad' }).apply('n', $('ads').count()).sort('$n', 'descending').limit(2)), [{ C: 'web', A: 'a1', n: 3 }, { C: 'app', A: 'a2', n: 2 }]);
  check('several splits are a groupBy', sent, ['groupBy']);
  check('having', await ask(by('$ad', 'Ad').filter('$n > 1').sort('$Ad', 'ascending').limit(10)), [{ Ad: 'a1', n: 3 }, { Ad: 'a2', n: 2 }]);
  check('lists', await ask(by('$tags', 'Tag').sort('$n', 'descending').limit(1)), [{ Tag: 'new', n: 3 }]);
  check('numbers', await ask(by('$slot.numberBucket(5)', 'S').sort('$n', 'descending').limit(5)).then(rows => rows.map(({ S, n }) => [S.start, n])), [[0, 6], [10, 1]]);
  check('numbers as they are', await ask(by('$slot', 'S').sort('$S', 'descending').limit(2)), [{ S: 10, n: 1 }, { S: 3, n: 1 }]);
  check('extractions', await ask(by('$ad.substr(1, 1).concat("!")', 'X').sort('$n', 'descending').limit(1)), [{ X: '1!', n: 3 }]);
  check('regular expressions', await ask(by('$ad.extract("a(.)")', 'X').sort('$X', 'descending').limit(1)), [{ X: '4', n: 1 }]);
  check('truth', await ask(by('$channel == "web"', 'Web').sort('$n', 'descending').limit(5)).then(rows => rows.map(row => [row.Web, row.n])), [[true, 4], [false, 2], [null, 1]]);
  const nested = ads.split('$channel', 'C').apply('n', $('ads').count()).sort('$n', 'descending').limit(2)
    .apply('Ads', $('ads').split('$ad', 'A').apply('cost', $('ads').sum('$cost')).sort('$cost', 'descending').limit(1));
  check('nested splits', await ask(nested), [{ C: 'web', n: 4, Ads: [{ A: 'a4', cost: 3 }] }, { C: 'app', n: 2, Ads: [{ A: 'a2', cost: 3.5 }] }]);
}

async function times() {
  const ads = $('ads');
  check('days', await ask(ads.split('$time.timeBucket(P1D)', 'T').apply('n', $('ads').count()).sort('$T', 'ascending')),
    [{ T: '2024-03-10T00:00:00.000Z', n: 4 }, { T: '2024-03-11T00:00:00.000Z', n: 3 }]);
  check('days are a timeseries', sent, ['timeseries']);
  check('days of a zone', await ask(ads.split($('time').timeBucket('P1D', 'Asia/Shanghai'), 'T').apply('n', $('ads').count()).sort('$T', 'ascending'), 'Asia/Shanghai'),
    [{ T: '2024-03-09T16:00:00.000Z', n: 4 }, { T: '2024-03-10T16:00:00.000Z', n: 2 }, { T: '2024-03-11T16:00:00.000Z', n: 1 }]);
  check('hours, the fullest', await ask(ads.split('$time.timeBucket(PT1H)', 'T').apply('n', $('ads').count()).sort('$n', 'descending').limit(1)), [{ T: '2024-03-10T00:00:00.000Z', n: 2 }]);
  check('hours of the day', await ask(ads.split($('time').timePart('HOUR_OF_DAY', 'Etc/UTC'), 'H').apply('n', $('ads').count()).sort('$n', 'descending').limit(1)), [{ H: 0, n: 3 }]);
  check('days by channel', await ask(ads.split({ T: '$time.timeBucket(P1D)', C: '$channel' }).apply('n', $('ads').count()).sort('$n', 'descending').limit(1)),
    [{ T: '2024-03-10T00:00:00.000Z', C: 'web', n: 2 }]);
  check('the latest', await plainValue($('ads').max('$time')), '2024-03-11T23:59:59.999Z');
  check('the latest is a timeBoundary', sent, ['timeBoundary']);
  const [before, after] = ['2024-03-10', '2024-03-11'].map(day => $('time').overlap(new Date(`${day}T00:00:00Z`), new Date(new Date(`${day}T00:00:00Z`).getTime() + 86400000)));
  const compare = ply().apply('n', ads.filter(after).count()).apply('_previous__n', ads.filter(before).count()).apply('_delta__n', ads.filter(after).count().subtract(ads.filter(before).count()));
  check('two periods', await ask(compare), [{ n: 3, _previous__n: 4, _delta__n: -1 }]);
  const average = ply().apply('each day', ads.split('$time.timeBucket(P1D)', 'T').apply('n', $('ads').count()).average('$n'));
  check('the mean of days', await ask(average), [{ 'each day': 3.5 }]);
}

async function plainValue(expression) {
  return (await ask(ply().apply('value', expression)))[0].value;
}

async function rows() {
  const got = await ask($('ads').filter('$channel == "app"').select('time', 'ad', 'tags', 'cost').limit(5));
  check('rows', got, [
    { time: '2024-03-10T00:47:00.000Z', ad: 'a2', tags: ['sale'], cost: 2.5 }, { time: '2024-03-11T00:00:00.000Z', ad: 'a2', tags: ['old'], cost: 1 }]);
  check('rows are a scan', sent, ['scan']);
  const nothing = external({ source: 'nothing', attributes: [{ name: 'time', type: 'TIME' }], filter: days });
  const told = await ply().apply('n', $('ads').split('$time.timeBucket(P1D)', 'T')).compute({ ads: nothing }).catch(error => error.message);
  check('what is not there is told', told, "No such datasource 'nothing'");
}

for (const part of [introspection, totals, filters, splits, times, rows]) await part().catch(error => failures.push(`${part.name}: ${error.stack}`));
console.log(`plywood: ${num - failures.length} of ${num}`);
if (failures.length) { console.error(failures.join('\n')); process.exit(1); }
