'use strict';
// Names the target's functions: which file of the tree a script or a line of a stack belongs to.

const P = require('./primordials');

const TREE = '/opt/target/node_modules/';
const FRAME = /^\s+at (?:(.*) \()?(?:file:\/\/)?(\/opt\/target\/node_modules\/[^():]+):(\d+):\d+/;
const MAX_FRAMES = 200;

// The path in the tree of a script's URL or path; null for what lies elsewhere, and for code made from text ('').
function pathInTree(url) {
  const plain = P.startsWith(url, 'file://') ? decode(P.slice(url, 7)) : url;
  return P.startsWith(plain, TREE) ? P.slice(plain, TREE.length) : null;
}

const uriDecode = decodeURIComponent;
function decode(path) {
  try {
    return uriDecode(path);
  } catch (error) {
    return path;
  }
}

class Owner {
  // `own` are the target's own files, relative to the tree's root; the rest of the tree are companions.
  constructor(own) {
    this.files = P.create(null);
    const prefix = 'node_modules/';
    for (let index = 0; index < own.length; index++) {
      if (P.startsWith(own[index], prefix)) this.files[P.slice(own[index], prefix.length)] = true;
    }
  }

  owns(path) {
    return this.files[path] === true;
  }

  // {function, path, line, inside} of an error's stack: the innermost own frame, and whether any frame lies in the tree.
  ofError(error) {
    const found = { __proto__: null, function: null, path: null, line: 0, inside: false };
    const stack = stackOf(error);
    let begin = 0;
    for (let count = 0; count < MAX_FRAMES && begin < stack.length; count++) {
      let end = P.indexOf(stack, '\n', begin);
      if (end < 0) end = stack.length;
      const frame = P.exec(FRAME, P.slice(stack, begin, end));
      begin = end + 1;
      if (frame === null) continue;
      const path = P.slice(frame[2], TREE.length);
      found.inside = true;
      if (!this.owns(path)) continue;
      found.function = `${path}:${plainName(makerOf(frame[1]))}`;
      found.path = path;
      found.line = P.number(frame[3]);
      return found;
    }
    return found;
  }
}

// A property read that runs no getter of the target's, walking the prototypes.
function stackOf(error) {
  try {
    const stack = typeof error === 'object' && error !== null ? error.stack : '';
    return typeof stack === 'string' ? stack : '';
  } catch (second) {
    return '';
  }
}

// Code made from a text goes by the function that made it: "eval" in "eval (eval at template (/opt/...".
function makerOf(name) {
  const at = name === undefined ? -1 : P.lastIndexOf(name, 'eval at ');
  return at < 0 ? name : P.slice(name, at + 8);
}

// "Object.parse [as x]" and "new Parser" as "parse" and "Parser"; functions without a name go by <anonymous>.
function plainName(name) {
  if (!name) return '<anonymous>';
  let plain = P.startsWith(name, 'async ') ? P.slice(name, 6) : name;
  if (P.startsWith(plain, 'new ')) plain = P.slice(plain, 4);
  const alias = P.indexOf(plain, ' [as ');
  if (alias >= 0) plain = P.slice(plain, 0, alias);
  const kinds = ['Object.', 'Function.', 'module.exports.', 'exports.', 'Module.'];
  for (let index = 0; index < kinds.length; index++) {
    if (P.startsWith(plain, kinds[index])) return P.slice(plain, kinds[index].length) || '<anonymous>';
  }
  return plain || '<anonymous>';
}

module.exports = { Owner, TREE, pathInTree, plainName };
