'use strict';
// Looks whether fresh values inherit the run's token: with functions taken before the target was loaded, and no lookups.

const P = require('./primordials');
const { isProxy } = require('./origins');

const FRESH = [
  ['Object', () => ({})], ['Array', () => []], ['Function', () => function fresh() {}], ['String', () => Object('')],
  ['Number', () => Object(0)], ['Boolean', () => Object(false)], ['RegExp', () => /x/], ['Date', () => new DateOf(0)],
  ['Error', () => new ErrorOf('')], ['Map', () => new MapOf()], ['Set', () => new SetOf()], ['Promise', async () => 0],
];
const DateOf = Date;
const ErrorOf = Error;
const MapOf = Map;
const SetOf = Set;
const MAX_PROTOTYPES = 8;

// The names of the kinds of fresh values ("Object", "Array") whose own prototypes hold the token, as a key or in a value.
function polluted(token) {
  const found = [];
  const seen = new SetOf();
  for (let index = 0; index < FRESH.length; index++) {
    let prototype = P.protoOf(FRESH[index][1]());
    let here = false;
    for (let depth = 0; prototype !== null && depth < MAX_PROTOTYPES; depth++) {
      if (isProxy(prototype)) break;
      if (!P.setHas(seen, prototype)) {
        P.setAdd(seen, prototype);
        here = here || holds(prototype, token);
      }
      prototype = P.protoOf(prototype);
    }
    if (here) P.define(found, found.length, { __proto__: null, value: FRESH[index][0], enumerable: true, configurable: true });
  }
  return found;
}

function holds(prototype, token) {
  const keys = P.ownKeys(prototype);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (typeof key === 'string' && P.indexOf(key, token) >= 0) return true;
    const property = P.describe(prototype, key);
    if (property !== undefined && carries(property.value, token)) return true;
  }
  return false;
}

// A text that holds the token, or a list, object or function one of whose own properties does.
function carries(value, token) {
  if (typeof value === 'string') return P.indexOf(value, token) >= 0;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || isProxy(value)) return false;
  const keys = P.ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    if (typeof keys[index] === 'string' && P.indexOf(keys[index], token) >= 0) return true;
    const property = P.describe(value, keys[index]);
    if (property !== undefined && typeof property.value === 'string' && P.indexOf(property.value, token) >= 0) return true;
  }
  return false;
}

module.exports = { polluted };
