'use strict';
// Puts what came of the steps into words: the value shown, or the class chain and message of what was thrown.

const { inspect } = require('util');
const { readFileSync } = require('fs');
const P = require('./primordials');
const { TREE } = require('./frames');

const MAX_SHOWN = 64 * 1024;
const MAX_CHAIN = 12;
const OPTIONS = {
  __proto__: null, depth: 8, maxArrayLength: 500, maxStringLength: MAX_SHOWN, breakLength: Infinity, compact: true, sorted: false,
};

function textOf(value) {
  let text;
  try {
    text = inspect(value, OPTIONS);
  } catch (error) {
    return '<inspect failed>';
  }
  return text.length <= MAX_SHOWN ? text : `${P.slice(text, 0, MAX_SHOWN)}...`;
}

// "RangeError < Error: message"; what is no error goes by its type.
function chain(thrown) {
  if (typeof thrown !== 'object' && typeof thrown !== 'function') return `${typeof thrown}: ${cut(P.text(thrown))}`;
  if (thrown === null) return 'null: null';
  const names = namesOf(thrown);
  let words = '';
  for (let index = 0; index < names.length; index++) words += (index ? ' < ' : '') + names[index];
  return `${words || 'object'}: ${cut(messageOf(thrown))}`;
}

// The classes of what was thrown, from its own upwards.
function namesOf(thrown) {
  const names = [];
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return names;
  let prototype = P.protoOf(thrown);
  for (let depth = 0; prototype !== null && depth < MAX_CHAIN; depth++) {
    const name = className(prototype);
    if (name === 'Object' && names.length > 0) break;
    if (name !== null) P.define(names, names.length, { __proto__: null, value: name, enumerable: true, configurable: true });
    prototype = P.protoOf(prototype);
  }
  return names;
}

function className(prototype) {
  const made = P.describe(prototype, 'constructor');
  if (made === undefined || typeof made.value !== 'function') return null;
  const name = P.describe(made.value, 'name');
  return name !== undefined && typeof name.value === 'string' ? name.value : null;
}

function messageOf(thrown) {
  try {
    const message = thrown.message;
    return typeof message === 'string' ? message : '';
  } catch (error) {
    return '<text failed>';
  }
}

function cut(text) {
  return text.length <= MAX_SHOWN ? text : P.slice(text, 0, MAX_SHOWN);
}

// The source of one line of a file of the tree.
function lineOf(path, number) {
  if (path === null || !number) return '';
  try {
    const text = readFileSync(TREE + path, 'utf8');
    let begin = 0;
    for (let line = 1; line < number; line++) {
      const end = P.indexOf(text, '\n', begin);
      if (end < 0) return '';
      begin = end + 1;
    }
    const end = P.indexOf(text, '\n', begin);
    const line = P.slice(text, begin, end < 0 ? text.length : end);
    const bare = P.exec(/^\s*(.*?)\s*$/, line);
    return P.slice(bare === null ? line : bare[1], 0, 120);
  } catch (error) {
    return '';
  }
}

module.exports = { textOf, chain, lineOf, namesOf };
