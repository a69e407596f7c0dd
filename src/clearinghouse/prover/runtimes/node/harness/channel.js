'use strict';
// The harness's own way out: JSON lines on descriptor 3. Promises that no toJSON, getter or polluted prototype changes them.

const { writeSync } = require('fs');
const P = require('./primordials');

const REPORT_DESCRIPTOR = 3;
const bufferFrom = Buffer.from;

function encode(value) {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return P.quote(value);
  if (typeof value === 'number') return P.isFinite(value) ? `${value}` : 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  let out = '';
  if (P.isArray(value)) {
    for (let index = 0; index < value.length; index++) out += (index ? ',' : '') + encode(value[index]);
    return `[${out}]`;
  }
  const keys = P.ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    out += `${index ? ',' : ''}${P.quote(keys[index])}:${encode(value[keys[index]])}`;
  }
  return `{${out}}`;
}

let lineKey = null;

// Have each line from now on bear `key`, which the target does not know; a script, which shares the process, has none.
function useKey(key) {
  lineKey = key;
}

// Send one line at once, so that a run that is stopped later has still said it.
function say(fields) {
  if (lineKey !== null) fields.key = lineKey;
  const data = bufferFrom(`${encode(fields)}\n`, 'utf8');
  let sent = 0;
  while (sent < data.length) sent += writeSync(REPORT_DESCRIPTOR, data, sent, data.length - sent);
}

// The proof itself is at fault (a name that does not exist, a refused walk): never counted as silent.
class Broken extends Error {}

// A step reaches for what steps may not have: the bundle breaks the rules, whatever it would have shown.
class Refused extends Broken {}

module.exports = { say, useKey, Broken, Refused };
